"""Models that come with the package: synthetic, labelled so, every number assumed."""
