"""Intensive care: what is charted there, and the tables that public data sets keep it in."""
