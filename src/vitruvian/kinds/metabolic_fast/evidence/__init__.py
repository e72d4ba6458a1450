"""What the fast layer claims, and how it is measured."""
