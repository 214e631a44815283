"""The plugin: what it costs where it is not used, and what a project's pytest says of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from leads.testing import pytest_plugin

ROOT = Path(__file__).resolve().parents[3]
HEAVY = {"django", "requests", "celery", "rest_framework", "phonenumbers", "werkzeug", "enrow_webhooks", "limits"}
LOADED = """
import json, sys
import pytest
before = set(sys.modules)
import leads.testing.pytest_plugin
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def run(folder, *words):
    """Run pytest in a folder that has no Django, with the plugin."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "leads.testing.pytest_plugin",
            "-p",
            "no:cacheprovider",
            "--strict-markers",
            *words,
        ],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def test_it_imports_nothing_until_it_is_used():
    """Of a session in which nobody asks for its fixtures it takes no more than its own lines."""
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ["leads", "leads.testing", "leads.testing.pytest_plugin"]


def test_unittest_needs_neither_pytest_nor_a_server():
    """``EnrowTestCase`` works with the package alone; the extras are for pytest and for a port."""
    code = (
        "import django, sys; django.setup(); import leads.testing.cases;"
        " assert not {'pytest', '_pytest', 'werkzeug'} & set(sys.modules)"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_session_without_django_is_left_alone(tmp_path):
    """Tests of a package that is not Django's run as ever, in an environment that happens to have ours."""
    (tmp_path / "test_other.py").write_text(
        "import sys, pytest\n\n"
        "@pytest.mark.enrow(chaos='drop')\n"
        f"def test_it():\n    assert not {HEAVY!r} & set(sys.modules)\n"
    )
    assert run(tmp_path)[0] == 0


@pytest.mark.slow
def test_a_test_that_would_meet_the_real_enrow_fails(tmp_path):
    """By the fixture, also for all tests by one line of the configuration; without a Django project, too."""
    (tmp_path / "test_other.py").write_text(
        "import requests\n\n"
        "def test_it():\n    requests.get('https://api.enrow.io/account/info', timeout=1)\n\n"
        "def test_other():\n    pass\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nusefixtures = enrow_no_network\n")
    code, said = run(tmp_path)
    assert code == 1
    assert "1 failed, 1 passed, 1 error" in said
    assert "This test was about to meet api.enrow.io" in said


def test_the_package_names_it():
    """pytest finds it by the entry point, and the extra brings what its fixtures need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"enrow": pytest_plugin.__name__}
    wanted = {line.partition(">")[0] for line in project["optional-dependencies"]["pytest"]}
    assert wanted == {"pytest", "pytest-django", "Werkzeug"}


@pytest.mark.parametrize("fixture", ["enrow", "enrow_server"])
def test_a_marker_without_words_is_told(fixture):
    """Its settings have names."""

    class Request:
        class node:  # noqa: N801 - pytest's own name
            @staticmethod
            def iter_markers(name):
                return [pytest.mark.enrow("drop").mark]

    with pytest.raises(pytest.UsageError, match="keywords only"):
        pytest_plugin._asked(Request)


@pytest.mark.usefixtures("enrow_no_network")
def test_the_guard_needs_no_database():
    """Nothing is asked of the project but its settings."""
