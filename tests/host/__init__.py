"""A project of somebody else that has the webhook app in it; it runs in a process of its own, see ``probe``."""
