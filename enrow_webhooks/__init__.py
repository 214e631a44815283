"""The enrow_webhooks app: HTTP client, inbox of webhook events, settings and checks. Knows nothing of leads."""
