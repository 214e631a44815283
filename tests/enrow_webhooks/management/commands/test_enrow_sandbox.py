"""``manage.py enrow_sandbox``."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys

import pytest
import requests

from tests.commands import ROOT, environment, run, run_process, spawn

pytestmark = pytest.mark.django_db(transaction=True)

_NO_WERKZEUG = """
import sys
sys.modules["werkzeug"] = None
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "enrow_sandbox", "--port", "0"])
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_answers_there_and_ends_with_a_signal(number):
    """The first lines name the URL and what to set; Ctrl-C and SIGTERM both end it with 0."""
    with spawn("enrow_sandbox", "--port", 0, "--delay", 0, "--credits", "77.5") as process:
        said = process.stdout.readline() + process.stdout.readline()
        url = re.search(r"export ENROW_BASE_URL=(\S+) ENROW_API_KEY=\S+", said)[1]
        assert requests.get(f"{url}/account/info", headers={"x-api-key": "any"}, timeout=5).json()["credits"] == 77.5
        process.send_signal(number)
        assert process.wait(10) == 0


def test_unknown_chaos_is_named_with_the_known_switches():
    """A wrong switch is the sandbox's own sentence, and exit code 2."""
    outcome = run("enrow_sandbox", "--chaos", "duplicate,nonsense")

    assert outcome.code == 2
    assert "'nonsense'" in outcome.err
    assert "duplicate" in outcome.err


def test_a_port_that_is_taken_is_one_sentence():
    """Somebody else on the port is no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        outcome = run("enrow_sandbox", "--port", taken.getsockname()[1])

    assert outcome.code == 1
    assert "--port" in outcome.err


def test_a_port_that_cannot_be_is_one_sentence():
    """A number that is no port is refused before anything listens."""
    assert "is no port" in run("enrow_sandbox", "--port", 70000).err


@pytest.mark.slow
def test_without_werkzeug_it_names_the_extra():
    """Who has not installed the extra reads what to install."""
    done = subprocess.run(
        [sys.executable, "-c", _NO_WERKZEUG],
        cwd=ROOT,
        env=environment(),
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.strip() == 'CommandError: The sandbox needs Werkzeug: pip install "django-enrow[sandbox]".'


@pytest.mark.slow
def test_a_wrong_option_ends_with_two():
    """argparse's own verdict and ours share an exit code."""
    assert run_process("enrow_sandbox", "--delay", "-1").code == 2
