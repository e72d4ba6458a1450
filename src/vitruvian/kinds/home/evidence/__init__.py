"""What the home kind claims, and how it is measured: on simulated persons, whose truth has other equations."""
