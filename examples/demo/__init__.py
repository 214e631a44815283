"""The demo: the whole package at work on one machine."""
