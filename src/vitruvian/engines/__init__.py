"""How one member becomes an ensemble: ode, event, field, table, couple; and inference."""
