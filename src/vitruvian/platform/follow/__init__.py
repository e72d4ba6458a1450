"""Synchronise: twins that follow their subjects' data, their standing forecasts, scores of past ones, and alerts."""
