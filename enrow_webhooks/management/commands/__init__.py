"""The management commands of the Enrow floor."""
