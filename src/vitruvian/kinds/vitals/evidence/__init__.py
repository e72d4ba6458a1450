"""What the kind claims, and how it is measured."""
