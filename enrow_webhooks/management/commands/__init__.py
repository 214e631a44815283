"""The management commands of the enrow_webhooks app."""
