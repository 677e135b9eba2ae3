"""Measurements with targets: groups of cases that are run one after another, and tables of figures beside what was predicted."""
