"""What the electrophysiology twin claims, and how each claim is measured."""
