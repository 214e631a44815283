"""The Enrow floor: HTTP client, inbox of webhook notices, settings and checks. Knows nothing of leads."""
