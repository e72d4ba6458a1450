"""What the queue claims, and how it is measured."""
