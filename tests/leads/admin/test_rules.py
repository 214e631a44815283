"""The page "Rules": what each does, how it is and what it spent; pause and resume."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.mapping import registry
from leads.models import EnrichmentRuleState, EnrichmentRun, Lead
from leads.rules import EnrichmentRule
from leads.runs import planning
from leads.upkeep.rules.looking import look_at_rules
from tests.leads.admin_pages import HOSTILE, list_page, login, said, text

pytestmark = pytest.mark.django_db

PAGE = "/admin/leads/enrichmentrulestate/"


@pytest.fixture
def rules(enrow, make_leads):
    """Two rules, one of which has bought two leads."""
    enrow(
        RULES=[
            EnrichmentRule("new people", "leads.Lead", find={"email"}, daily_credits=20),
            EnrichmentRule(HOSTILE, "leads.Lead", when="stale", days=90, verify=True, daily_credits=7),
        ]
    )
    look_at_rules()
    make_leads(2)
    EnrichmentRuleState.objects.update(next_look_at="2020-01-01T00:00Z")
    look_at_rules()
    planning.plan_next()


def post(client, name, what):
    return client.post(PAGE, {"rule": name, what: "1"}, follow=True)


def test_it_lists_the_rules_of_the_settings(admin_client, rules):
    """In words of a salesperson, with what is spent of the cap and the last run."""
    assert list_page(EnrichmentRuleState) == PAGE
    page = text(admin_client.get(PAGE))
    assert "leads.Lead: find e-mail for new rows" in page
    assert "verify e-mail again before it is 90 days old" in page
    assert "<td>2.00</td>" in page
    assert "<td>20.00</td>" in page
    assert HOSTILE not in page
    run = EnrichmentRun.objects.get()
    url = reverse("admin:leads_enrichmentrun_change", args=[run.pk])
    assert f'href="{url}"' in page
    text(admin_client.get(url))
    runs = text(admin_client.get(list_page(EnrichmentRun, requested_by="rule:new people")))
    assert str(run.pk) in runs


def test_without_rules_it_says_who_writes_them(admin_client):
    """And nothing else."""
    assert "Your administrator writes them" in text(admin_client.get(PAGE))


def test_a_rule_is_paused_and_resumed_and_both_are_logged(admin_client, rules):
    """By whom stands in the row, in Django's log, and on the page."""
    answer = post(admin_client, "new people", "pause")
    assert "new people: paused." in said(answer)
    assert "paused: Paused by admin." in text(answer)
    state = EnrichmentRuleState.objects.get(name="new people")
    assert (state.paused_by, EnrichmentRun.objects.get().state) == ("admin", "paused")
    assert "somebody was faster" in said(post(admin_client, "new people", "pause"))
    assert "resumed" in said(post(admin_client, "new people", "resume"))
    assert EnrichmentRuleState.objects.get(name="new people").paused_at is None
    log = LogEntry.objects.order_by("pk").values_list("object_repr", "change_message", "user__username")
    assert list(log) == [("new people", "Paused.", "admin"), ("new people", "Resumed.", "admin")]


def test_a_rule_that_an_error_paused_says_why(admin_client, enrow):
    """The reason stands on the page."""
    enrow(RULES=[EnrichmentRule("bad", "leads.Lead", find={"email"}, daily_credits=20, where={"nothing": 1})])
    look_at_rules()
    assert "paused: It could not be looked at: FieldError" in text(admin_client.get(PAGE))


def test_a_rule_that_is_gone_from_the_settings(admin_client, rules, enrow):
    """Somebody has the page of yesterday open."""
    enrow(RULES=[])
    assert "no such rule" in said(post(admin_client, "new people", "pause"))


def test_rules_that_are_none_break_no_page(admin_client, enrow):
    """Where nobody ran the checks."""
    enrow(RULES=[EnrichmentRule("bad", "leads.Lead", find={"fax"}, daily_credits=20)])
    assert "manage.py check says why" in said(admin_client.get(PAGE))


@pytest.mark.parametrize(
    ("codenames", "sees", "pauses", "resumes"),
    [
        ((), False, False, False),
        (("spend_credits", "view_lead"), False, False, False),
        (("view_enrichmentrulestate",), True, False, False),
        (("view_enrichmentrulestate", "change_enrichmentrulestate"), True, False, False),
        (("view_enrichmentrulestate", "spend_credits"), True, True, False),
        (("view_enrichmentrulestate", "spend_credits", "view_lead"), True, True, True),
    ],
)
def test_who_may_what(rules, codenames, sees, pauses, resumes):
    """Both need the right to spend; to resume, also the right to search the rule's leads. No button else."""
    client = login(*codenames)
    page = client.get(PAGE)
    assert (page.status_code == 200) == sees
    assert ("Pause" in page.content.decode()) == pauses
    for what, may in (("pause", pauses), ("resume", resumes)):
        EnrichmentRuleState.objects.filter(name="new people").update(
            paused_at="2026-01-01T00:00Z" if what == "resume" else None, paused_by="bob" if what == "resume" else ""
        )
        post(client, "new people", what)
        is_paused = EnrichmentRuleState.objects.get(name="new people").paused_at is not None
        assert is_paused == ((what == "pause") == may)


def test_nobody_resumes_a_rule_for_leads_that_are_hidden_from_them(rules, monkeypatch):
    """It asks for all of them."""
    mapping = registry.of(Lead)
    monkeypatch.setattr(mapping, "visible_to", lambda user, queryset: queryset.filter(crm_id="lead-0"))
    client = login("view_enrichmentrulestate", "spend_credits", "view_lead")
    post(client, "new people", "pause")
    assert "you may not search" in said(post(client, "new people", "resume"))
    assert EnrichmentRuleState.objects.get(name="new people").paused_at


def test_the_page_costs_a_few_queries_for_each_rule(admin_client, rules):
    """Nothing is counted in the leads' table."""
    with CaptureQueriesContext(connection) as queries:
        text(admin_client.get(PAGE))
    assert len(queries) <= 12
    assert not [query["sql"] for query in queries if "leads_lead" in query["sql"].replace("leads_leadsearch", "")]
