"""Runs: their leads stored, planned page by page by workers, watched, paused, cancelled and pruned."""
