"""What the couple claims, and how it is measured."""
