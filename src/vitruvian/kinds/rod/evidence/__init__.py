"""What the heated rod claims, and how it is measured."""
