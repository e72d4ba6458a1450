"""What the prognosis claims, and how it is measured."""
