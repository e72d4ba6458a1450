"""What the circulation claims, and the code that measures it."""
