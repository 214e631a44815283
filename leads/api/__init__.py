"""The JSON API, by which other software asks, watches and decides: ``leads.api.urls`` in a project's urls.py."""
