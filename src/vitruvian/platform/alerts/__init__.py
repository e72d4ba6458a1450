"""Alerts: rules that are looked at with every renewal, alerts with their steps, and their delivery."""
