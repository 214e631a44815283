"""Stands in the place of a backend of Django."""
