"""One run with every kind of lead, read from all that prints or shows counts: the same words mean the same.

asked for = searched + shared + reused + skipped; found is of the searched; what is reserved is not spent.
"""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from tests.commands import run
from tests.conftest import finish
from tests.leads.admin_pages import list_page, row_page, run_action, said, text
from tests.leads.management.workers import a_worker

pytestmark = pytest.mark.django_db(transaction=True)

PHONE_NUMBER = "+15705551234"
OURS = ("enrich_leads", "--find", "email", "phone", "--where", "crm_id__startswith=our")
# Of each kind: three are found, one is not, one is refused by Enrow when it is sent (only as an e-mail).
EMAIL = {"asked": 12, "searched": 5, "shared": 2, "reused": 2, "skipped": 3}
PHONE = {"asked": 12, "searched": 2, "shared": 0, "reused": 0, "skipped": 10}
BOTH = {word: number + PHONE[word] for word, number in EMAIL.items()}
# Who is refused when the batch is sent is not searched after all.
SENT = BOTH | {"searched": 6, "skipped": 14}


@pytest.fixture
def people(make_leads, sandbox):
    """Twelve leads of ours, and two of others that are searched before or with them."""
    blank = {"linkedin_url": ""}
    make_leads(1, "old", company_domain="known.com", **blank)
    make_leads(1, "older", lastname="Nobody", company_domain="miss.com", **blank)
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    make_leads(1, "theirs", company_domain="theirs.com", **blank)
    enrich(Lead.objects.filter(crm_id="theirs-0"), find={"email"})
    # Searched: three found, one not, one refused.
    make_leads(3, "our-found", phone=PHONE_NUMBER)
    make_leads(1, "our-miss", lastname="Nobody", phone=PHONE_NUMBER, company_domain="none.com")
    make_leads(1, "our-refused", company_domain="refused.example", phone=PHONE_NUMBER)
    # Shared: with one of ours, and with another run's.
    make_leads(1, "our-twin", phone=PHONE_NUMBER)
    make_leads(1, "our-guest", company_domain="theirs.com", phone=PHONE_NUMBER, **blank)
    # Reused: one found, one not.
    make_leads(1, "our-known", company_domain="known.com", phone=PHONE_NUMBER, **blank)
    make_leads(1, "our-lost", lastname="Nobody", company_domain="miss.com", phone=PHONE_NUMBER, **blank)
    # Skipped: no name; and two that have an e-mail. Their phones are searched, in a batch that fails as a whole.
    make_leads(1, "our-nameless", firstname="", lastname="", **blank)
    make_leads(2, "our-failed", email="a@x.com", email_status="valid", company_domain="failed.example", **blank)


def numbers(pattern: str, told: str) -> dict[str, Decimal]:
    """Return the named groups of the one place that fits."""
    (found,) = re.finditer(pattern, told)
    return {word: Decimal(number.replace(",", "")) for word, number in found.groupdict().items()}


def plan_in(told: str, verb: str) -> dict[str, Decimal]:
    """Add up the lines of the kinds."""
    pattern = rf"([\d,]+) asked for: ([\d,]+) {verb}, ([\d,]+) shared, ([\d,]+) reused, ([\d,]+) skipped"  # fmt: skip
    lines = [[int(number.replace(",", "")) for number in line] for line in re.findall(pattern, told)]
    assert lines
    return dict(zip(BOTH, map(sum, zip(*lines, strict=True)), strict=True))


PROGRESS = (
    r"(?P<asked>\d+) asked for: (?P<done>\d+) of (?P<searched>\d+) searched, (?P<found>\d+) found; "
    r"(?P<shared>\d+) shared, (?P<reused>\d+) reused, (?P<skipped>\d+) skipped; \d+ jobs at work, \d+ stuck; "
    r"(?P<spent>[\d.]+) credits spent, (?P<reserved>[\d.]+) reserved"
)
# A job of `enrow_jobs`.
JOB = r"(\d+) searches +(\d+) found +([\d.]+) (spent|reserved)"


def jobs_in(told: str) -> dict[str, Decimal]:
    """Add up the lines of the jobs."""
    rows = re.findall(JOB, told)
    assert all(int(found) <= int(searched) for searched, found, _, _ in rows)
    return {
        "searched": Decimal(sum(int(row[0]) for row in rows)),
        "found": Decimal(sum(int(row[1]) for row in rows)),
        "spent": sum((Decimal(row[2]) for row in rows if row[3] == "spent"), Decimal(0)),
        "reserved": sum((Decimal(row[2]) for row in rows if row[3] == "reserved"), Decimal(0)),
    }


def column(page, name: str) -> Decimal:
    """Add up a column of an admin list."""
    return sum(map(Decimal, re.findall(rf'class="field-{name}[^"]*">([\d.]+)<', text(page))), Decimal(0))


def listed(page) -> dict[str, Decimal]:
    names = {"searched": "requested", "found": "found", "spent": "spent", "reserved": "reserved"}
    return {word: column(page, name) for word, name in names.items()}


def of_run(client, run_id: str) -> dict[str, dict[str, Decimal]]:
    """Return what each place that sums says of a run."""
    words = ("searched", "found", "spent", "reserved")
    page = client.get("/admin/leads/searchjob/credits/")
    (line,) = [line for line, name, _ in page.context["tables"][1][2] if line.name == run_id]
    told = run("enrow_jobs", "--run", run_id, "--json").json["jobs"]
    names = {"searched": "searched", "found": "found", "spent": "credits_spent", "reserved": "credits_reserved"}
    return {
        "enrow_jobs": jobs_in(run("enrow_jobs", "--run", run_id).out),
        "enrow_jobs --json": {
            word: sum((Decimal(job[name]) for job in told), Decimal(0)) for word, name in names.items()
        },
        "list in the admin": listed(client.get(list_page(SearchJob, run=run_id))),
        "Credits": {word: Decimal(getattr(line, word)) for word in words},
        "the rows": {word: Decimal(getattr(SearchJob.objects.of_run(run_id).sums(), word)) for word in words},
    }


def test_all_that_is_told_of_a_run_agrees(people, sandbox, admin_client):
    """Planned, queued, sent and finished, in words and in the admin."""
    dry = run(*OURS, "--dry-run").out
    assert plan_in(dry, "to search") == BOTH
    worst_case = numbers(r"at most (?P<most>[\d,]+) credits", dry)["most"]

    queued = run(*OURS, "--yes", "--wait", "0").out
    told = numbers(PROGRESS, queued)
    assert plan_in(queued, "queued") == BOTH
    assert {word: told[word] for word in BOTH} == BOTH
    assert (told["done"], told["found"], told["spent"], told["reserved"]) == (0, 0, 0, worst_case)
    assert numbers(r"(?P<most>[\d,]+) credits reserved\.", queued)["most"] == worst_case == 5 + 2 * 40
    (run_id,) = re.findall(r"Run (\S+): ", queued)
    for place, sums in of_run(admin_client, run_id).items():
        assert sums == {"searched": 7, "found": 0, "spent": 0, "reserved": worst_case}, place

    # Another run shares a search of ours: what is found for it is none of our found.
    Lead.objects.create(crm_id="late", firstname="Ann0", lastname="Somebody", company_domain="firm0.com")
    enrich(Lead.objects.filter(crm_id="late"), find={"email"})
    finish(sandbox)
    finish(sandbox)
    for place, sums in of_run(admin_client, run_id).items():
        assert sums == {"searched": 6, "found": 3, "spent": 3, "reserved": 0}, place
    assert f"Today {sandbox.ledger.spent:.2f} credits were spent; at most 0.00 more" in run("enrow_doctor").out
    outcomes = {word: LeadSearch.objects.filter(job__run=run_id, outcome=word).count() for word in ("found", "error")}
    assert outcomes["found"] > 3, "leads that share or reuse a search are there, and not counted as found"
    emails = SearchJob.objects.get(run=run_id, kind="find_email")
    page = text(admin_client.get(row_page(emails)))
    assert re.search(r"Shared or reused:</label>\s*<div class=\"readonly\">5<", page)


def test_a_run_as_json_agrees_with_itself(people, sandbox, admin_client):
    """The plan, how far it is, and its jobs."""
    dry = run(*OURS, "--dry-run", "--json").json
    with a_worker():
        told = run(*OURS, "--yes", "--json", "--wait", "30").json
    for plan in (dry, told):
        for kind, counts in (("find_email", EMAIL), ("find_phone", PHONE)):
            of_kind = plan["kinds"][kind]
            skipped = sum(of_kind["skipped"].values())
            assert of_kind | {"searched": of_kind["to_search"], "skipped": skipped} == of_kind | counts | {
                "skipped": skipped
            }
            assert skipped == counts["skipped"]
    assert {word: told[word] for word in SENT} == SENT
    assert told["asked"] == told["searched"] + told["shared"] + told["reused"] + told["skipped"]
    assert (told["found"], told["done"]) == (3, 6)
    own = [job for job in told["jobs"] if job["run"] == told["run"]]
    assert [sum(job[word] for job in own) for word in ("searched", "found")] == [told["searched"], told["found"]]
    for word in ("credits_spent", "credits_reserved"):
        assert sum(Decimal(job[word]) for job in own) == Decimal(told[word])
    assert Decimal(told["credits_spent"]) == 3


def test_what_the_admin_says_agrees(people, sandbox, admin_client):
    """The page before, and the message after: nothing is searched yet, it is queued."""
    ours = Lead.objects.filter(crm_id__startswith="our")
    page = run_action(admin_client, "find_email", ours)
    rows = dict(re.findall(r"<tr><th>([^<]+)</th><td>(\d+)</td></tr>", text(page)))
    skipped = sum(int(number) for name, number in rows.items() if name.startswith("Skipped"))
    assert [int(rows[name]) for name in ("Selected", "To search")] == [EMAIL["asked"], EMAIL["searched"]]
    shared = int(rows["Shared with a search that is bought anyway"])
    assert (shared, int(rows["Reused: bought lately"]), skipped) == (EMAIL["shared"], EMAIL["reused"], EMAIL["skipped"])

    message = said(run_action(admin_client, "find_email", ours, confirm="Confirm", max_credits="5"))
    assert plan_in(message, "queued") == EMAIL
    assert "; 5 credits reserved." in message
    assert (sandbox.ledger.spent, SearchJob.objects.filter(requested_by="admin").get().requested) == (1, 5)
