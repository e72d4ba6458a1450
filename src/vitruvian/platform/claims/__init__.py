"""What the running server claims: `vitruvian validate platform` starts it, loads it, breaks it, and measures."""
