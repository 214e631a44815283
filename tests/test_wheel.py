"""The wheel in a new project: what a user gets who installs the package and adds two apps, one URL and one dict."""

from __future__ import annotations

import re
import subprocess
import tomllib
import zipfile

import pytest

from enrow_webhooks.sandbox import people
from enrow_webhooks.sandbox.server import SandboxServer
from examples.demo.processes import Programs, answers, free_ports
from tests.docs.pages import blocks, read
from tests.wheels import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LEADS = "crm_id,firstname,lastname,company_domain\nann,Ann,Somebody,firm1.com\nbob,Bob,Nobody,firm2.com\n"
APPS = '\nINSTALLED_APPS += [\n    "enrow_webhooks",\n    "leads",\n]\n'
URLS = '\nfrom django.urls import include\nurlpatterns += [path("webhooks/enrow/", include("enrow_webhooks.urls"))]\n'
# What the checks advise for SQLite.
SQLITE = (
    '\nDATABASES["default"]["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20,'
    ' "init_command": "PRAGMA journal_mode=WAL;"}\n'
)
# Where the package comes from, and how the results came.
FACTS = """
import sys, leads
from leads.models import SearchJob
assert leads.__file__.startswith(sys.prefix), leads.__file__
print(*SearchJob.objects.values_list("result_via", flat=True))
"""
# A broker that needs no server stands in for the tutorial's Redis.
BROKER = """
from leads.schedule import beat_schedule
CELERY_BEAT_SCHEDULE = beat_schedule()
CELERY_BROKER_URL = "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    f"{name}_folder{way}": BASE_DIR / "broker" for name, way in [("data", "_in"), ("data", "_out"), ("control", "")]
}
(BASE_DIR / "broker").mkdir(exist_ok=True)
"""


@pytest.fixture
def project(python, tmp_path, monkeypatch):
    """A project straight from ``startproject``, with the two apps added and nothing of this one's settings."""
    for name in ("DJANGO_SETTINGS_MODULE", "PYTHONPATH", "PYTHONWARNINGS"):
        monkeypatch.delenv(name, raising=False)
    subprocess.run([python, "-m", "django", "startproject", "shop", str(tmp_path)], check=True, cwd=tmp_path)
    write(tmp_path, "settings.py", APPS)
    (tmp_path / "leads.csv").write_text(LEADS, encoding="utf-8")
    return tmp_path


def write(project, name, text):
    """Add text at the end of one of the project's files, as its author would."""
    with (project / "shop" / name).open("a", encoding="utf-8") as file:
        file.write(text)


def manage(python, project, *arguments):
    """Run a command of the project; return what it said. Fails the test when it fails."""
    done = subprocess.run(
        [python, "manage.py", *arguments],
        cwd=project,
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_wheel_holds_the_two_apps_whole_and_nothing_else(wheel):
    """Every file of the two apps is in the wheel: templates, migrations, commands, sandbox, py.typed; and no other."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    here = {
        str(path.relative_to(ROOT))
        for app in ("enrow_webhooks", "leads")
        for path in (ROOT / app).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == here
    assert {"leads/py.typed", "enrow_webhooks/py.typed", "leads/management/commands/enrich_leads.py"} <= names
    assert any(name.startswith("enrow_webhooks/sandbox/") for name in names)
    assert any(name.startswith("leads/templates/") for name in names)


def test_the_readme_leads_from_anywhere_to_pages_that_exist(wheel):
    """On PyPI every link and picture of the README is absolute, and there is a page or picture behind it here."""
    (metadata,) = (name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("/METADATA"))
    _, _, text = zipfile.ZipFile(wheel).read(metadata).decode().partition("# django-enrow")
    links = [code.text for code in read(text, "METADATA") if code.kind == "link"]
    assert not links, "these are not absolute"

    site = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Documentation"]
    there = re.findall(rf"\]\({re.escape(site)}([\w.-]+)", text)
    here = {"contributing.html": "CONTRIBUTING.md", "changelog.html": "CHANGELOG.md", "security.html": "SECURITY.md"}
    assert "admin-run.png" in there
    assert not [
        name
        for name in there
        if not (ROOT / "docs" / name.replace(".html", ".md")).exists() and not (ROOT / here.get(name, "-")).exists()
    ]


def test_the_check_command_explains_each_missing_setting(python, project):
    """A project that has added nothing but the apps works, and is told what is missing and how to fix it."""
    said = manage(python, project, "check")

    assert {"W001", "W002", "W003", "W004", "W006"} <= set(re.findall(r"enrow\.(\w+)", said)), said
    assert said.count("HINT:") >= 5


@pytest.mark.parametrize("has_celery", [False, True], ids=["without Celery", "with a Celery worker"])
def test_a_new_project_enriches_its_leads(python, project, has_celery):
    """Two apps, one URL, one dict: leads go out and come back by webhook, with or without a Celery app."""
    (port,) = free_ports(1)
    with SandboxServer(delay=0.3) as server:
        keys = {"API_KEY": "any", "BASE_URL": server.url, "WEBHOOK_ORIGIN": f"http://127.0.0.1:{port}"}
        write(project, "settings.py", f"{SQLITE}\nENROW = {keys}\n")
        write(project, "urls.py", URLS)
        if has_celery:
            add_celery(project)
        complaints = set(re.findall(r"enrow\.\w+", manage(python, project, "check")))
        assert complaints == (set() if has_celery else {"enrow.W004"})
        enrich(python, project, port, has_celery=has_celery)
        assert server.sandbox.ledger.spent == 1

    found = people.find_email("Ann Somebody", "firm1.com")
    lines = (project / "out.csv").read_text(encoding="utf-8").splitlines()
    assert any("ann" in line and found in line and "valid" in line for line in lines), lines
    assert any("bob" in line and "not_found" in line for line in lines), lines


def add_celery(project):
    """Add what the tutorial says about Celery, word for word but for the broker."""
    for block in blocks("docs/tutorial.md", section="More than one worker", language="python"):
        name = block.file.removeprefix("yourproject/")
        write(project, name, BROKER if name == "settings.py" else block.text.replace("yourproject", "shop"))


def enrich(python, project, port, *, has_celery):
    """Do what the user does: migrate, import, start the site (and a worker), enrich, export."""
    manage(python, project, "migrate", "--verbosity", "0")
    manage(python, project, "import_leads", "leads.csv")
    with Programs(cwd=project, logs=project / "logs", environment={}) as programs:
        site = programs.start("site", [python, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"])
        if has_celery:
            command = [python, "-m", "celery", "-A", "shop", "worker", "--pool", "solo", "--loglevel", "INFO"]
            worker = programs.start("worker", command)
            programs.wait_for(worker, lambda: worker.said(" ready."))
        programs.wait_for(site, lambda: answers(port, "/admin/login/"))
        manage(python, project, "enrich_leads", "--find", "email", "--wait", "60")
        assert "POST /webhooks/enrow/" in site.log.read_text(encoding="utf-8")
    assert manage(python, project, "shell", "--verbosity", "0", "-c", FACTS).split() == ["webhook"]
    manage(python, project, "export_leads", "out.csv")
