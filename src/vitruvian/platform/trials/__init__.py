"""Trials that are planned and analysed on the server: what was sent, what came of it, and the work between."""
