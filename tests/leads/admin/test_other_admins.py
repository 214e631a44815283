"""The libraries that people's admins stand on: with our mixins in front, each shows and does what Django's own does."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from tests import services
from tests.enrow_webhooks.support import ROOT

LIBRARIES = ["", "unfold", "jazzmin", "grappelli", "import_export", "simple_history"]
CAME = "ann@firm.com"
EXPECTED = {
    "list": {
        "actions": ["find_email", "verify_email", "find_phone", "forget"],
        "filters": ["enrow_email"],
        "narrowed": [1, 0],
        "with counts": True,
    },
    "action": [True, True],
    "button": {
        "buttons": ["find_email", "verify_email", "find_phone"],
        "asks": True,
        "searches": [["contact-1", "find_email", "pending"]],
        "says so": True,
        "history": True,
    },
    "form": ["Other", CAME],
    "inline": ["Third", CAME],
    "list, edited": ["Fourth", CAME],
    "history": 200,
    "first version": None,
    "export": None,
    "files": [True, True, True],
}
OWN = {
    # It is brought back as it was, with its blank address.
    "simple_history": {"first version": ["Ann Somebody", ""]},
    "import_export": {"export": ["id,name", "1,Fourth"]},
}


@pytest.mark.slow
@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library or "django")
def test_an_admin_of_another_library_has_all_that_ours_adds(library, tmp_path):
    """List, filter, action, button, confirmation, form, inline and history work, and no result is lost."""
    if library and importlib.util.find_spec(library) is None:
        reason = f"{library} is not installed: pip install -r requirements-dev.txt."
        (pytest.fail if services.IS_CI else pytest.skip)(reason)
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.admins.settings",
        "ADMINS_LIBRARY": library,
        "ADMINS_DATABASE": str(tmp_path / "db.sqlite3"),
    }
    command = [sys.executable, "-m", "tests.admins.probe"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == EXPECTED | OWN.get(library, {})
