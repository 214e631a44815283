"""A project whose admin is another library's; it runs in a process of its own, see ``probe``."""
