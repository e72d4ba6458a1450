"""How each claim of the platform is measured, on real processes: the server, PostgreSQL, a broker."""
