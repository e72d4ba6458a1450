"""How the metabolic kind knows: claims, the data they are measured on, and the synthetic demonstration."""
