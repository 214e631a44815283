"""Small faults that somebody could make, and whether a test notices each: ``make mutants``."""
