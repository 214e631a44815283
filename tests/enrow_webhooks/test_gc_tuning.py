"""The garbage collector is made calm in processes of our own, and in no other."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from tests.commands import ROOT, run

_PROGRAM = """
import gc, sys
from django.core.management import execute_from_command_line
try:
    execute_from_command_line(["manage.py", "prune_events", "--help"])
except SystemExit:
    print(gc.get_freeze_count() > 0, gc.get_threshold()[0])
"""


def test_a_command_that_is_a_program_of_its_own_is_calm():
    """What is loaded is not looked through again, and new objects are looked at seldom."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True 100000"


@pytest.mark.django_db
def test_a_command_that_is_called_inside_another_process_leaves_it_alone():
    """A host that uses call_command keeps its own settings of the collector."""
    before = gc.get_threshold(), gc.get_freeze_count()
    assert run("prune_events").code == 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == before
