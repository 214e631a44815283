"""The demo, run as a user runs it: in processes of its own, with nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parent.parent
LEADS = """\
crm_id,firstname,lastname,company_domain,linkedin_url,email,phone
ann,Ann,Somebody,firm1.com,https://www.linkedin.com/in/ann-somebody/,,
bob,Bob,Nobody,firm2.com,,,
ann-again,ANN,Somebody,firm1.com,https://www.linkedin.com/in/ann-somebody/,,
cleo,Cleo,,,,,
dan,Dan,Miller,firm4.com,,ok@firm4.com,+15705551234
"""


@pytest.fixture
def demo(tmp_path):
    """Start the demo on a few leads, in a folder of the test and a hostile environment; nothing outlives the test."""
    (tmp_path / "leads.csv").write_text(LEADS, encoding="utf-8")
    started = []

    def start(*arguments, leads=tmp_path / "leads.csv"):
        command = [sys.executable, "-m", "examples.demo", "--delay", "0.3", "--leads", str(leads), *arguments]
        # What a developer's shell may hold must lead no request, row or credit astray.
        elsewhere = {
            "DATABASE_URL": "postgres://nobody@127.0.0.1:9/none",
            "ENROW_BASE_URL": "http://127.0.0.1:9",
            "HTTP_PROXY": "http://127.0.0.1:9",
            "http_proxy": "http://127.0.0.1:9",
            "CELERY_BROKER_URL": "redis://127.0.0.1:9",
        }
        started.append(
            subprocess.Popen(
                [*command, "--folder", str(tmp_path / "demo")],
                cwd=ROOT,
                env=os.environ | elsewhere,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
    left = running_in(tmp_path)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    # Only now: a process that is left may hold the other end of the pipe.
    for process in started:
        process.communicate()
    assert not left, "the demo left processes behind"


def running_in(folder):
    """Return the processes whose environment names the folder; none where there is no /proc."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder).encode() in environ.read_bytes():
                found.append(int(environ.parent.name))
        except OSError:
            continue
    return found


def text_of(process):
    """Return everything that a process says until its end."""
    return process.communicate(timeout=100)[0]


def test_enriches_the_leads_shows_what_came_of_them_and_leaves_nothing_running(demo, tmp_path):
    """The demo finds, shares, skips and pays as it should, and its books agree with the fake Enrow's."""
    process = demo()
    text = text_of(process)

    assert process.returncode == 0, text
    assert text.count("ann.somebody@firm1.com") == 2, text
    assert "It has no company" in text
    assert re.search(r"│ \+15705551234 +│", text), "what was there before needs no word about tries"
    assert "the same person as another lead" in text
    assert len(set(re.findall(r"credits spent, .*?│\s+([\d.]+) │", text))) == 1, text
    assert re.search(r"search jobs: webhook\s+│\s+3 │", text), text
    logs = (tmp_path / "demo" / "logs").glob("*.log")
    assert not [log.name for log in logs if "Traceback" in log.read_text(encoding="utf-8")]
    assert not running_in(tmp_path)


def test_says_why_it_failed_and_stops_what_it_had_started(demo, tmp_path):
    """A demo that cannot go on shows the end of the logs, names their folder and exits 1."""
    process = demo(leads=tmp_path / "missing.csv")
    text = text_of(process)

    assert process.returncode == 1, text
    assert "missing.csv" in text
    assert "import_leads ended with exit code" in text
    assert str(tmp_path / "demo" / "logs") in text


def test_touches_no_folder_that_is_not_its_own(demo, tmp_path):
    """A folder with somebody's files is refused, whole."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "thesis.txt").write_text("all of it")
    process = demo()

    assert "name an empty folder" in text_of(process)
    assert process.returncode == 1
    assert (tmp_path / "demo" / "thesis.txt").read_text() == "all of it"


def test_serves_until_ctrl_c(demo, tmp_path):
    """``--serve`` prints an address and a password that work; Ctrl-C ends it all with exit code 0."""
    process = demo("--serve")
    said = ""
    while "Ctrl-C stops everything" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    url = re.search(r"http://\S+/admin/", said)[0]
    password = re.search(r"admin   and   (\S+)", said)[1]

    assert log_in(url, password), "the printed password does not log in"
    process.send_signal(signal.SIGINT)
    text_of(process)
    assert process.returncode == 0
    assert not running_in(tmp_path)


def log_in(url, password):
    """Tell whether admin gets in with the password."""
    client = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
    with client.open(f"{url}login/", timeout=10) as page:
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.read().decode())[1]
    form = f"username=admin&password={password}&csrfmiddlewaretoken={token}&next=/admin/leads/lead/"
    with client.open(f"{url}login/", form.encode(), timeout=10) as page:
        return page.url.endswith("/admin/leads/lead/") and "Bob" in page.read().decode()
