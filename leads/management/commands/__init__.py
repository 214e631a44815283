"""The management commands of the CRM floor."""
