"""Faults: what is stored stays right whatever fails."""
