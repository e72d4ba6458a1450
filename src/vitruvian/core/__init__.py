"""The contract: parameters, priors, noise, actions, case, record, belief, quantities, units, errors."""
