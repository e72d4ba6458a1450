"""Drift: has what comes in, or what comes of it, changed since a model was fitted; and is a new fit better."""
