"""Upkeep: polling, the sweep, and the doctor."""
