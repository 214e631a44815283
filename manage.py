#!/usr/bin/env python
"""Django's command line, for the demo project."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if "enrow_sandbox" in sys.argv[1:3]:
        # The fake Enrow signs nothing, so it starts in a fresh clone that has no settings yet.
        os.environ.setdefault("DJANGO_SECRET_KEY", "signs-nothing")
    execute_from_command_line(sys.argv)
