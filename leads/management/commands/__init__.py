"""The management commands of the leads app."""
