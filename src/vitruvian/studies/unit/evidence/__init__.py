"""What the unit study claims, and how it is measured."""
