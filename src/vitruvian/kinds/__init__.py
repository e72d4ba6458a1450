"""The kinds: one folder each, found through the entry points `vitruvian.kinds`."""
