"""What the hospital claims, and how it is measured."""
