"""What trials claim, and how it is measured."""
