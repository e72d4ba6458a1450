"""Simulated stays on a ward or an intensive care unit: the truth behind the monitor, and what the monitor shows.

Simulated, and labelled so: no stay here is of a person. The equations (a nonlinear circulation, an infection that grows
and is killed, kidneys that fail and recover) are none that a kind of this package fits.
"""
