"""``manage.py enrow_sandbox``."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from examples.demo.processes import answers, free_ports
from tests.commands import ROOT, environment, killed_at_last, run, run_process, spawn
from tests.docs.pages import blocks

pytestmark = pytest.mark.django_db(transaction=True)

_NO_WERKZEUG = """
import sys
sys.modules["werkzeug"] = None
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "enrow_sandbox", "--port", "0"])
"""


def first_lines(process: subprocess.Popen[str]) -> str:
    """Return what the sandbox prints before it waits for requests."""
    return "".join(process.stdout.readline() for _ in range(6))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_answers_there_and_ends_with_a_signal(number):
    """The first lines name the URL and what to set; Ctrl-C and SIGTERM both end it with 0."""
    with spawn("enrow_sandbox", "--port", 0, "--delay", 0, "--credits", "77.5") as process:
        said = first_lines(process)
        url = re.search(r"export ENROW_BASE_URL=(\S+) ENROW_API_KEY=\S+", said)[1]
        assert f'ENROW["BASE_URL"] = "{url}"' in said
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


@pytest.mark.slow
def test_every_option_reaches_the_sandbox():
    """Profile, facts, chaos, seed, balance, delay and the dashboard's URLs are those of the command line."""
    options = [
        *("--port", 0, "--profile", "unkind", "--fact", "phone_price=50", "--fact", "strict_slugs=false"),
        *("--chaos", "get-gateway=0.5,drop", "--seed", 7, "--credits", 12.5, "--delay", 3, "--https-only"),
        *("--webhook", "https://crm.example.com/one/", "--webhook", "https://crm.example.com/two/"),
    ]
    with spawn("enrow_sandbox", *options) as process:
        url = re.search(r"listens on (\S+);", first_lines(process))[1]
        told = requests.get(f"{url}/_sandbox/state", timeout=5).json()["settings"]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    facts = told["facts"]
    assert (facts["phone_price"], facts["strict_slugs"], facts["shuffled_rows"]) == ("50", False, True)
    assert (told["profile"], told["chaos"]) == ("unkind", {"get-gateway": 0.5, "drop": 1.0})
    assert (told["seed"], told["credits"], told["delay"]) == (7, "12.5", 3.0)
    assert told["webhooks"] == ["https://crm.example.com/one/", "https://crm.example.com/two/"]
    assert told["allow_loopback_http"] is False


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--fact", "nonsense"], "There is no fact 'nonsense' of a profile. Known facts: find_price,"),
        (["--fact", "phone_price"], "The fact phone_price needs a value, like phone_price=50."),
        (["--fact", "shuffled_rows=maybe"], "The fact shuffled_rows must be true or false, not 'maybe'."),
    ],
)
def test_a_wrong_fact_is_one_sentence(options, sentence):
    """The sandbox's own sentence, and exit code 2."""
    outcome = run("enrow_sandbox", *options)

    assert outcome.code == 2
    assert sentence in outcome.err


@pytest.mark.slow
def test_it_starts_in_a_fresh_clone_without_any_setting(tmp_path):
    """Neither key nor secret nor database: what a newcomer has after clone and install."""
    clone = tmp_path / "clone"
    for name in ("config", "enrow_webhooks", "leads"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", clone)
    nothing = {"PATH": os.environ["PATH"]}
    command = [sys.executable, "manage.py", "enrow_sandbox", "--port", "0"]
    started = subprocess.Popen(command, cwd=clone, env=nothing, text=True, stdout=subprocess.PIPE)
    with killed_at_last(started) as process:
        url = re.search(r"listens on (\S+);", first_lines(process))[1]
        answer = requests.get(f"{url}/account/info", headers={"x-api-key": "sandbox"}, timeout=5)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert answer.json()["credits"] == 10_000
    for call in (["enrow_sandbox", "--help"], ["help", "enrow_sandbox"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *call], cwd=clone, env=nothing, text=True, capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "--fact NAME" in done.stdout


@pytest.mark.slow
def test_without_a_secret_key_nothing_else_starts(tmp_path):
    """What signs webhook URLs needs a secret of its own, in the demo project, too."""
    nothing = {"PATH": os.environ["PATH"], "DJANGO_VAR_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=nothing, text=True, capture_output=True, check=False
    )
    assert done.returncode != 0
    assert "DJANGO_SECRET_KEY" in done.stderr


@pytest.mark.slow
def test_what_it_prints_works_in_a_project_built_by_the_readme(tmp_path):
    """``startproject``, the tutorial's settings, the printed lines at their end: a lead comes back from the sandbox."""
    project = Project(tmp_path)
    project.manage("migrate", "--verbosity", "0")
    (tmp_path / "people.csv").write_text("crm_id,firstname,lastname,company_domain\nann,Ann,Somebody,firm.com\n")
    project.manage("import_leads", "people.csv")
    with project.sandbox() as url, project.site():
        project.manage("enrich_leads", "--find", "email", "--wait", "60")
        state = requests.get(f"{url}/_sandbox/state", timeout=5).json()
    shown = project.manage("shell", "-v", "0", "-c", "from leads.models import Lead; print(Lead.objects.get().email)")
    assert shown.strip() == "ann.somebody@firm.com"
    assert (state["spent"], state["deliveries"]["delivered"], state["keys"]) == (1, 1, ["sandbox"])


class Project:
    """A new Django project with the settings of the tutorial, and nothing of this repository's demo."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # 8000, where the printed line expects the site, may be taken on the machine of the tests.
        (self.port,) = free_ports(1)
        self.environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-m", "django", "startproject", "mysite", str(folder)], check=True)
        self.settings = folder / "mysite" / "settings.py"
        for block in blocks("docs/tutorial.md", section="Five minutes into your own project"):
            if block.file == "yourproject/settings.py":
                self.append(block.text)
        with (folder / "mysite" / "urls.py").open("a", encoding="utf-8") as urls:
            urls.write(
                "\nfrom django.urls import include\n"
                'urlpatterns += [path("webhooks/enrow/", include("enrow_webhooks.urls"))]\n'
            )

    def append(self, lines: str) -> None:
        with self.settings.open("a", encoding="utf-8") as settings:
            settings.write(f"\n{lines}\n")

    def manage(self, *args: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *args],
            cwd=self.folder,
            env=self.environment,
            text=True,
            capture_output=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextlib.contextmanager
    def sandbox(self) -> Iterator[str]:
        """Run the sandbox from this very project, and write what it prints into the settings."""
        command = [sys.executable, "manage.py", "enrow_sandbox", "--port", "0", "--delay", "0"]
        started = subprocess.Popen(command, cwd=self.folder, env=self.environment, text=True, stdout=subprocess.PIPE)
        with killed_at_last(started) as process:
            said = first_lines(process)
            lines = "\n".join(re.findall(r"^  (ENROW\[.*)$", said, re.MULTILINE))
            assert "127.0.0.1:8000" in lines
            self.append(lines.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}"))
            try:
                yield re.search(r"listens on (\S+);", said)[1]
            finally:
                process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0

    @contextlib.contextmanager
    def site(self) -> Iterator[None]:
        """Run the site where the settings say that it listens."""
        command = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{self.port}"]
        with subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                while not answers(self.port, "/admin/login/"):
                    assert process.poll() is None
                    time.sleep(0.1)
                yield
            finally:
                process.terminate()
