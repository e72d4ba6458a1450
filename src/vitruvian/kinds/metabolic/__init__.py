"""A person's sensor glucose: meals, insulin and exercise through the minimal model with secretion."""
