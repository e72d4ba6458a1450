"""Trials with a prognostic score (PROCOVA): plan, analyse, guard. Numbers in, numbers out; files are the caller's."""
