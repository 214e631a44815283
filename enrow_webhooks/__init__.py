"""The Enrow floor: HTTP client, inbox of webhook events, settings and checks. Knows nothing of leads."""
