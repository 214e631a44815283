"""The inbox of webhook events: who may send, storing, processing, replaying, and what was turned away."""
