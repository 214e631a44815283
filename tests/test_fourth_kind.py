"""A fourth kind of search is written in the table, the client, the sandbox and one migration: in a copy, then used."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass

import pytest

from enrow_webhooks.sandbox import people
from examples.demo.processes import Programs, answers, free_ports
from tests.fourth_kind.insertions import INSERTIONS
from tests.fourth_kind.project import ROOT, Project, state_of_sandbox

# Copying, migrating and three servers, on a machine that is busy.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PAGE = ROOT / "docs" / "adding-a-kind.md"
ALONE = "ann"
# Ten fill a batch, and two make another; one of them has no mobile.
BATCH = [f"b{number:02}" for number in range(12)]
MISS = "b03"
JOBS = """
import json
from enrow_webhooks.models import WebhookEvent
from leads.models import Lead, LeadSearch, SearchJob
jobs = SearchJob.objects.order_by("created_at", "-requested")
print(json.dumps({
    "searches": sorted({search.get_kind_display() for search in LeadSearch.objects.all()}),
    "jobs": [[job.get_kind_display(), job.state, job.requested, job.found,
              int(job.credits_reserved), int(job.credits_cost)]
             for job in jobs],
    "ways": sorted({job.get_result_via_display() for job in jobs}),
    "leads": {lead.crm_id: [lead.phone, lead.phone_country, lead.phone_status] for lead in Lead.objects.all()},
    "events": sorted(set(WebhookEvent.objects.values_list("event", "state"))),
}))
"""
ADMIN = """
from django.contrib.auth.models import User
from django.test import Client
from leads.models import Lead
client = Client(headers={"host": "localhost"})
client.force_login(User.objects.create_superuser("admin"))
print(client.get("/admin/leads/lead/").content.decode())
chosen = {"action": "find_mobile", "_selected_action": [Lead.objects.get(crm_id="last").pk]}
print(client.post("/admin/leads/lead/", chosen).content.decode())
"""


def profile(crm_id):
    return f"https://www.linkedin.com/in/{crm_id}-{'nobody' if crm_id == MISS else 'somebody'}/"


LEADS = "\n".join(
    [
        "crm_id,LinkedIn,Cell-Phone",
        *(f"{crm_id},{profile(crm_id)}," for crm_id in [ALONE, *BATCH, "last"]),
        f"has,{profile('has')},+15705551234",
        "lacks,,",
    ]
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The copy with the fourth kind in it, and the migration that Django makes of it."""
    project = Project.copied_to(tmp_path_factory.mktemp("fourth"))
    for insertion in INSERTIONS:
        insertion.apply(project.folder)
    project.manage("makemigrations", "--name", "find_mobile")
    return project


@dataclass(frozen=True, kw_only=True)
class Journey:
    """What came of searching one lead alone and twelve as batches."""

    planned: str
    rows: dict
    sold: dict
    admin: str


@pytest.fixture(scope="module", params=["polling", "webhook"])
def way(request):
    """How results come."""
    return request.param


@pytest.fixture(scope="module")
def journey(project, way, tmp_path_factory):
    """Import, plan, search and look, with the copy's sandbox, sweep and site, which Enrow calls or not."""
    var = tmp_path_factory.mktemp(way)
    sandbox, port = free_ports(2)
    crm = project.with_servers(var, sandbox=sandbox, site=port if way == "webhook" else None)
    (var / "leads.csv").write_text(LEADS, encoding="utf-8")
    crm.manage("migrate", "--verbosity", "0")
    crm.manage("import_leads", str(var / "leads.csv"))
    with Programs(cwd=crm.folder, logs=var / "logs", environment=crm.environment) as programs:
        start(programs, sandbox, port)
        planned = crm.manage("enrich_leads", "--find", "mobile", "--dry-run")
        crm.manage("enrich_leads", "--find", "mobile", "--crm-id", ALONE, "--wait", "60")
        crm.manage("enrich_leads", "--find", "mobile", "--crm-id", *BATCH, "--max-credits", "720", "--wait", "60")
        return Journey(
            planned=planned,
            rows=json.loads(crm.shell(JOBS)),
            sold=state_of_sandbox(sandbox),
            admin=crm.shell(ADMIN),
        )


def start(programs, sandbox, port):
    """Start what answers, and what does the work."""
    manage = [sys.executable, "manage.py"]
    enrow = programs.start(
        "sandbox", [*manage, "enrow_sandbox", "--port", str(sandbox), "--delay", "0.2", "--credits", "10000"]
    )
    site = programs.start("site", [*manage, "runserver", "--noreload", f"127.0.0.1:{port}"])
    programs.start("sweep", [*manage, "enrow_sweep", "--every", "0.3"])
    programs.wait_for(enrow, lambda: answers(sandbox, "/_sandbox/state"))
    programs.wait_for(site, lambda: answers(port, "/admin/login/"))


def test_the_page_names_every_file_that_is_touched_and_no_other(project):
    """Table, client, sandbox and one migration: what the page lists is what makes a kind work."""
    listed = re.findall(r"^\| `([\w./]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    touched = [path.as_posix() for path in project.changed()]
    migrations = [path for path in touched if path.startswith("leads/migrations/")]

    assert len(listed) == len(set(listed))
    assert len(migrations) == 1
    assert set(listed) == {*touched, "leads/migrations/"} - {*migrations}
    homes = ("leads/kinds.py", "leads/migrations/", "enrow_webhooks/client/", "enrow_webhooks/sandbox/")
    assert all(path.startswith(homes) for path in touched)


def test_the_code_on_the_page_is_code_that_ran(project):
    """Each block stands, word for word, in the copy's file that its first line names."""
    blocks = re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)

    assert len(blocks) == PAGE.read_text(encoding="utf-8").count("```python") >= 5
    for file, code in blocks:
        assert code in (project.folder / file).read_text(encoding="utf-8"), f"{file} has no\n{code}"


def test_django_has_nothing_to_add(project):
    """One migration is all, and every check of a complete project passes."""
    project.manage("makemigrations", "--check", "--dry-run")
    project.manage("migrate", "--verbosity", "0")
    project.manage("check", "--fail-level", "WARNING")


def test_the_tests_of_the_table_pass_with_it(project, tmp_path):
    """They say what a new kind still lacks; with all of it they have nothing to say."""
    whole = Project.copied_to(tmp_path)
    shutil.copytree(project.folder, tmp_path, ignore=shutil.ignore_patterns("__pycache__", "var"), dirs_exist_ok=True)
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    tests = ["tests/leads/test_kinds.py", "tests/test_one_table_of_kinds.py"]
    said = whole.run("-m", "pytest", "-v", "-p", "no:cacheprovider", *tests, DJANGO_SETTINGS_MODULE="tests.settings")

    assert said.count("find_mobile] PASSED") >= 8, said


def test_a_plan_names_it_with_its_price(journey):
    """Who is searched, who is not and why, in batches of ten, at 60 credits each."""
    assert "find mobile, 16 asked for: 14 to search" in journey.planned
    assert "has: It already has a mobile." in journey.planned
    assert "lacks: It has no linkedin_url." in journey.planned
    assert "2 POSTs; at most 840 credits" in journey.planned


def test_every_search_ends_with_its_cost(journey, way):
    """One alone, a batch of ten, a batch of two: misses are free, and both books say the same."""
    kind, ended = "find mobile", "finished"
    assert journey.rows["searches"] == [kind]
    assert journey.rows["jobs"] == [
        [kind, ended, 1, 1, 60, 60],
        [kind, ended, 10, 9, 600, 540],
        [kind, ended, 2, 2, 120, 120],
    ]
    assert journey.rows["ways"] == [way]
    assert journey.sold["spent"] == 720
    assert journey.sold["rows"] == {"find_email": 0, "verify_email": 0, "find_phone": 0, "find_mobile": 13}
    assert journey.sold["requests"]["POST /mobile/single 201"] == 1
    assert journey.sold["requests"]["POST /mobile/bulk 201"] == 2


def test_its_own_events_tell_of_it(journey, way):
    """A single search and a batch each come with an event of their own, which is understood."""
    both = [["bulk_mobile_search_finished", "processed"], ["single_mobile_search_finished", "processed"]]
    assert journey.rows["events"] == (both if way == "webhook" else [])


def test_the_lead_has_what_was_found(journey):
    """The number and its country, a miss as a miss, and who was not searched as before."""
    leads = journey.rows["leads"]
    for crm_id in {ALONE, *BATCH} - {MISS}:
        number, country = people.find_phone(linkedin_url=profile(crm_id))
        assert leads[crm_id] == [number, country, "found"]
    assert leads[MISS] == ["", "", "not_found"]
    assert leads["lacks"] == leads["last"] == ["", "", ""]


def test_a_file_may_call_its_column_by_the_kinds_name(journey):
    """The heading that the table lists for it is understood at the import."""
    assert journey.rows["leads"]["has"] == ["+15705551234", "", ""]


def test_the_admin_offers_it_and_shows_its_price_first(journey):
    """An action in the list of leads, and the page before anything is spent."""
    assert '<option value="find_mobile">Find mobile</option>' in journey.admin
    assert re.search(r"<h1>\s*Find mobile\s*</h1>", journey.admin)
    assert re.search(r'name="max_credits" value="60(\.0+)?"', journey.admin)
