"""The servers that stay up over a module, and the workers of one test."""

from __future__ import annotations

import json

import pytest

from examples.demo.processes import Programs
from tests import services
from tests.faults.stage import ROOT, Scene, new_ground, show_logs
from tests.faults.support import missing_program

# What the last run measured, a line a test.
FIGURES = ROOT / "var" / "faults.jsonl"


@pytest.fixture(scope="package")
def ground(django_db_setup, django_db_blocker, tmp_path_factory):
    """Redis, the sandbox, the site under gunicorn, and beat: each a process of its own, on the test database."""
    if reason := missing_program():
        (pytest.fail if services.IS_CI else pytest.skip)(reason)
    with django_db_blocker.unblock():
        ground = new_ground(tmp_path_factory.mktemp("ground"))
    FIGURES.unlink(missing_ok=True)
    with ground.programs:
        ground.start()
        yield ground
    ground.sandbox.close()


@pytest.fixture
def scene(transactional_db, ground, tmp_path, request):
    """A test's own workers; after it they are stopped, their logs printed, and the figures kept under var/."""
    ground.sandbox.tell("settings", profile="current", chaos="", delay=0, rate=10, duplicates=3, credits=1_000_000)
    ground.sandbox.tell("reset")
    programs = Programs(cwd=ROOT, logs=tmp_path / "logs", environment=ground.programs.environment)
    scene = Scene(ground=ground, programs=programs, folder=tmp_path)
    with programs:
        yield scene
        scene.stop()
    ground.sandbox.tell("reset")
    show_logs(ground.programs.logs, programs.logs)
    if scene.figures:
        print(f"FIGURES {request.node.name} {json.dumps(scene.figures)}")
        with FIGURES.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"test": request.node.name} | scene.figures) + "\n")
