"""Estimation: ES-MDA, EnKF, particle filter, tempered SMC, Gauss-Newton with Laplace, NUTS."""
