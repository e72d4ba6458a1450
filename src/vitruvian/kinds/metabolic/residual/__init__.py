"""What the equations leave out, learned across people: the mechanism followed by a filter, trees on the rest."""
