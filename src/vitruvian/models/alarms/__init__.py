"""Alarms on a risk that is looked at again and again: the policy, how good it is, what it promises, and its reasons."""
