"""The caps hold at every isolation level of PostgreSQL, by threads and by processes, at every price."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

from enrow_webhooks.client.values import Kind
from leads.enrichment import enrich
from leads.models import EnrichmentRun, Lead, LeadSearch, SearchJob
from leads.upkeep.sweep import sweep
from tests.conftest import finish
from tests.leads.admin_pages import run_action
from tests.leads.levels import LEVELS, all_at_once, level_of_the_server

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

# What is asked for, its price, and a limit that pays for 37 of a hundred; a quarter more is no whole search.
ASKED = [
    pytest.param({"verify": True}, Kind.VERIFY_EMAIL, "0.25", "9.49", id="verify"),
    pytest.param({"find": {"email"}}, Kind.FIND_EMAIL, "1", "37.75", id="email"),
    pytest.param({"find": {"phone"}}, Kind.FIND_PHONE, "40", "1519.75", id="phone"),
]


@pytest.fixture(params=LEVELS)
def level(request):
    """Every connection begins at this level."""
    with level_of_the_server(request.param):
        yield request.param


def people(make_leads, kind):
    """Make a hundred leads that can be searched for the kind."""
    leads = make_leads(100)
    if kind == Kind.VERIFY_EMAIL:
        for lead in leads:
            lead.email = f"{lead.crm_id}@firm.com"
        Lead.objects.bulk_update(leads, ["email"])


def reserved(price):
    """Return what is reserved, which is the price of what stands in the POSTs."""
    sent = LeadSearch.objects.filter(position__isnull=False).count()
    assert SearchJob.objects.credits() == Decimal(price) * sent
    assert not SearchJob.objects.filter(requested=0).exists(), "an empty job was left behind"
    return sent


@pytest.mark.parametrize(("asked", "kind", "price", "limit"), ASKED)
def test_twenty_threads_never_pass_the_cap(make_leads, enrow, sandbox, level, asked, kind, price, limit):
    """Each sees the limit not reached; together they stop at it, and none of them sees an error."""
    people(make_leads, kind)
    enrow(DAILY_CREDIT_LIMIT=limit)
    failures = all_at_once(20, lambda number: enrich(Lead.objects.filter(crm_id__endswith=str(number % 10)), **asked))
    assert failures == []
    assert reserved(price) == 37


@pytest.mark.parametrize(("asked", "kind", "price", "limit"), ASKED)
def test_nobody_passes_the_cap_of_a_user(make_leads, enrow, sandbox, level, asked, kind, price, limit):
    """Ann asks from twenty windows at once, Bob and the code beside her: hers is reached, and nobody else's."""
    people(make_leads, kind)
    enrow(USER_DAILY_CREDIT_LIMIT=limit)

    # The others ask for forty leads of their own, of which each gets four.
    others = {"crm_id__regex": "-[1-4][0-9]$"}
    callers = [{"requested_by": "bob", "via": "admin"}, {"requested_by": "ann", "via": "code"}]

    def work(number):
        leads = Lead.objects.filter(crm_id__endswith=str(number % 10))
        if number < 20:
            enrich(leads.exclude(**others), **asked, requested_by="ann", via="admin")
        else:
            enrich(leads.filter(**others), **asked, **callers[number % 2])

    assert all_at_once(24, work) == []
    of_ann = SearchJob.objects.filter(requested_by="ann").filter(
        run__in=EnrichmentRun.objects.filter(via="admin").values("pk")
    )
    assert LeadSearch.objects.filter(position__isnull=False, job__in=of_ann).count() == 37
    assert reserved(price) == 37 + 4 * 4


@pytest.mark.parametrize(("asked", "kind", "price", "limit"), ASKED)
def test_the_balance_is_not_passed_either(make_leads, sandbox, level, asked, kind, price, limit):
    """The account pays for 37; nothing more is queued, however many plan."""
    people(make_leads, kind)
    sandbox.configure(credits=Decimal(limit))
    failures = all_at_once(20, lambda number: enrich(Lead.objects.filter(crm_id__endswith=str(number % 10)), **asked))
    assert failures == []
    assert reserved(price) == 37


@pytest.mark.parametrize(("asked", "kind", "price", "limit"), ASKED)
def test_callers_with_transactions_of_their_own(make_leads, enrow, sandbox, level, asked, kind, price, limit):
    """Each writes something of its own, asks and commits; nothing is planned before, so that nobody is broken off."""
    people(make_leads, kind)
    enrow(DAILY_CREDIT_LIMIT=limit)

    def work(number):
        with transaction.atomic():
            User.objects.create(username=str(number))
            run = enrich(Lead.objects.filter(crm_id__endswith=str(number % 10)), **asked)
            assert not run.is_planned
        assert run.is_planned

    assert all_at_once(20, work) == []
    assert reserved(price) == 37
    assert User.objects.count() == 20


@pytest.mark.parametrize(("asked", "kind", "price", "limit"), ASKED)
def test_requests_under_atomic_requests(
    make_leads, enrow, sandbox, level, monkeypatch, settings, asked, kind, price, limit
):
    """Twenty people confirm at the same time in the admin."""
    # Django's own rows of sessions meet each other at these levels; they are not what is tested.
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    people(make_leads, kind)
    leads = list(Lead.objects.all())
    enrow(DAILY_CREDIT_LIMIT=limit)
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    clients = [Client() for _ in range(20)]
    for number, client in enumerate(clients):
        client.force_login(User.objects.create_superuser(str(number)))

    def work(number):
        some = [lead for lead in leads if lead.crm_id.endswith(str(number % 10))]
        page = run_action(
            clients[number], kind, some, model=Lead, confirm="Confirm", max_credits=str(10 * Decimal(price))
        )
        assert page.status_code == 200

    assert all_at_once(20, work) == []
    assert reserved(price) == 37


def test_planners_and_workers_meet_without_an_error(make_leads, enrow, site, level):
    """Some plan, some send, some process events, all at once, and everybody is bought once."""
    make_leads(60)
    enrow(DAILY_CREDIT_LIMIT=40)

    def work(number):
        if number % 2:
            sweep()
        else:
            enrich(Lead.objects.filter(crm_id__endswith=str(number // 2)), find={"email"})
            enrich(Lead.objects.filter(crm_id__endswith=str(9 - number // 2)), find={"email"})
            sweep()

    failures = all_at_once(20, work)
    finish(site)
    assert failures == []
    assert (Lead.objects.exclude(email="").count(), SearchJob.objects.credits()) == (40, 40)
    assert max(site.ledger.purchases.values()) == 1


_PLANNER = """
import ast
import sys
import django
django.setup()
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = sys.argv[1]
settings.ENROW |= {"DAILY_CREDIT_LIMIT": sys.argv[3], "BASE_URL": sys.argv[2]}
from leads.enrichment import enrich
from leads.models import Lead
sys.stdin.readline()
for last in "0123456789":
    enrich(Lead.objects.filter(crm_id__endswith=last), **ast.literal_eval(sys.argv[4]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("asked", "kind", "price", "limit"), ASKED)
def test_four_processes_never_pass_the_cap(make_leads, sandbox, settings, level, asked, kind, price, limit):
    """The lock is the database's, not the process's."""
    people(make_leads, kind)
    database, url = str(connection.settings_dict["NAME"]), settings.ENROW["BASE_URL"]
    command = [sys.executable, "-c", _PLANNER, database, url, limit, repr(asked)]
    planners = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    try:
        for planner in planners:
            planner.stdin.write(b"go\n")
            planner.stdin.flush()
        outputs = [planner.communicate(timeout=60) for planner in planners]
    finally:
        for planner in planners:
            planner.kill()
    assert [planner.returncode for planner in planners] == [0] * 4, outputs
    assert reserved(price) == 37
