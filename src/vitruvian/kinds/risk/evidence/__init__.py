"""What the risk claims, and how it is measured."""
