"""Equations and tables that kinds may share: circulation, cell models, pharmacokinetics."""
