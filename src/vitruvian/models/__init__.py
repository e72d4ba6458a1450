"""Equations and tables that several kinds may import (circulation, cell models, pharmacokinetics)."""
