"""Zero-dimensional elements of the circulation, the closed loop of four chambers, and networks of vessels."""
