"""What the progression claims, and how it is measured."""
