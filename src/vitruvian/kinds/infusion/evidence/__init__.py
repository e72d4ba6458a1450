"""What the infusion claims, and the code that measures it."""
