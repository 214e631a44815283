"""Tests of the project in ``suite/`` are its own: they run where it was copied to."""

collect_ignore = ["suite"]
