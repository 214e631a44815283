"""Verdicts are asked again before they are too old: oldest first, spread over the days, skipped ones at the back."""

from __future__ import annotations

import datetime as dt

import pytest

from leads.models import EnrichmentRuleState, EnrichmentRun, Lead, LeadEnrichment, LeadSearch, RuleLead, SearchJob
from leads.rules import EnrichmentRule
from leads.upkeep.rules import created, stale
from leads.upkeep.rules.stale import pace
from tests.conftest import finish
from tests.crm.models import Candidate, Contact
from tests.leads.upkeep.rules.conftest import DAY

pytestmark = pytest.mark.django_db

RULE = EnrichmentRule("old", "leads.Lead", when="stale", days=90, verify=True)


def checked(make_leads, clock, *ages, prefix="lead", **fields):
    """Make leads whose addresses were verified so many days ago."""
    known = {"email": "ann@firm.com", "email_status": "valid"} | fields
    leads = make_leads(len(ages), prefix=prefix, **known)
    for number, (lead, age) in enumerate(zip(leads, ages, strict=True)):
        changes = {"email_checked_at": clock.now - age * DAY}
        if known["email"]:
            changes["email"] = f"{prefix}{number}@firm.com"
        Lead.objects.filter(crm_id=lead.crm_id).update(**changes)


def taken():
    """The leads of each run, by crm_id, in the order of the runs."""
    names = {str(pk): crm_id for pk, crm_id in Lead.objects.values_list("pk", "crm_id")}
    runs = EnrichmentRun.objects.order_by("created_at")
    return [
        sorted(names[key] for key in RuleLead.objects.filter(run=run.pk).values_list("key", flat=True)) for run in runs
    ]


def test_the_oldest_come_first_and_never_checked_ones_not_at_all(make_leads, old_leads, clock):
    """Those that were checked lately, or never, are not stale."""
    checked(make_leads, clock, 95, 200, 91, 10, 44)
    make_leads(2, prefix="never", email="bob@firm.com")
    old_leads(daily_credits="0.5")
    assert clock.look() == 1
    assert taken() == [["lead-0", "lead-1"]]
    run = EnrichmentRun.objects.get()
    assert (run.force, run.overwrite, run.kinds, run.requested_by) == (True, True, "verify_email", "rule:old")


def test_enrow_is_asked_and_the_old_verdict_stays_until_the_new_one_lands(make_leads, old_leads, clock, sandbox):
    """Also where the same was bought lately for another lead; the date is then the new one."""
    checked(make_leads, clock, 91)
    Lead.objects.update(email="nobody@firm.com", email_status="valid")
    old_leads()
    clock.look()
    lead = Lead.objects.get()
    assert (lead.email_status, lead.email_checked_at) == ("valid", clock.now - 91 * DAY)
    assert SearchJob.objects.get().requested == 1
    finish(sandbox)
    lead.refresh_from_db()
    assert lead.email_checked_at > clock.now - DAY
    assert sandbox.ledger.purchases.total() == 1
    for _ in range(4):
        clock.look(hours=6)
    assert EnrichmentRun.objects.count() == 1
    assert not RuleLead.objects.exists(), "Whose date is new is asked for again by that date."


def test_where_narrows(make_leads, old_leads, clock):
    """Others wait, however old."""
    checked(make_leads, clock, 91, 92, 93)
    old_leads(where={"company_domain__in": ["firm1.com"]})
    clock.look()
    assert taken() == [["lead-1"]]


def test_skipped_leads_go_to_the_back(make_leads, old_leads, clock, sandbox):
    """They come again after as many days, not on the next one; the others are not kept waiting."""
    checked(make_leads, clock, 200, 199, prefix="odd", email="")
    checked(make_leads, clock, 95, 94)
    Lead.objects.filter(crm_id__startswith="odd").update(email="")
    old_leads(daily_credits="0.5")
    clock.look()
    assert taken() == [["odd-0", "odd-1"]]
    clock.look(hours=1)
    finish(sandbox)
    clock.look(hours=1)
    assert SearchJob.objects.get().requested == 2
    Lead.objects.filter(crm_id__startswith="lead").delete()
    for _ in range(88):
        clock.look(days=1)
    assert EnrichmentRun.objects.count() == 2
    clock.look(days=2)
    assert EnrichmentRun.objects.latest("created_at").tally["skipped"] == {"verify_email": {"missing": 2}}


def test_a_value_that_a_person_typed_since_is_never_replaced(make_leads, old_leads, clock, sandbox):
    """Ours is; what somebody cleared stays blank, however old."""
    old_leads(verify=False, find={"email"})
    make_leads(3)
    job = SearchJob.objects.create(run="0d9a2c1e3b4f4e5a8c6d7e8f9a0b1c2d", kind="find_email", state="finished")
    for lead in Lead.objects.all():
        LeadSearch.objects.create(
            job=job, model="leads.lead", crm_id=lead.crm_id, kind="find_email", position=lead.pk, outcome="found",
            value="was@firm.com", effect="written",
        )  # fmt: skip
    Lead.objects.update(email="was@firm.com", email_status="valid", email_checked_at=clock.now - 91 * DAY)
    Lead.objects.filter(crm_id="lead-1").update(email="typed@firm.com")
    clock.look()
    assert EnrichmentRun.objects.get().tally["skipped"] == {"find_email": {"already": 1}}
    finish(sandbox)
    emails = dict(Lead.objects.values_list("crm_id", "email"))
    assert emails["lead-1"] == "typed@firm.com"
    assert emails["lead-0"] == "ann0.somebody@firm0.com"


@pytest.mark.parametrize("blank", ["", "n/a"])
def test_what_somebody_cleared_stays_blank(make_leads, new_leads, old_leads, clock, sandbox, blank):
    """Also by a word for nothing. A rule is no person: it asks again for the others."""
    new_leads()
    clock.look()
    make_leads(2)
    clock.look(minutes=1)
    finish(sandbox)
    Lead.objects.update(email_checked_at=clock.now - 91 * DAY)
    Lead.objects.filter(crm_id="lead-0").update(email=blank)
    old_leads(verify=False, find={"email"})
    clock.look()
    assert EnrichmentRun.objects.get(requested_by="rule:old").tally["skipped"] == {"find_email": {"cleared": 1}}
    finish(sandbox)
    assert Lead.objects.get(crm_id="lead-0").email == blank


@pytest.mark.parametrize("narrow", [False, True])
def test_a_model_without_columns_for_dates_has_them_beside_its_table(old_leads, clock, sandbox, narrow):
    """Found by the index of LeadEnrichment, and narrowed by the project's queryset and where."""
    for number, age in enumerate([91, 95, 3, 92]):
        contact = Contact.objects.create(
            given_name=f"Ann{number}", family_name="King", work_email=f"ann{number}@firm.com", opted_out=number == 3
        )
        LeadEnrichment.objects.create(
            model="crm.contact", key=str(contact.pk), email=contact.work_email, email_status="valid",
            email_checked_at=clock.now - age * DAY,
        )  # fmt: skip
    old_leads(model="crm.Contact", where={"given_name": "Ann0"} if narrow else None)
    clock.look()
    assert EnrichmentRun.objects.get().selected == (1 if narrow else 2)
    assert EnrichmentRuleState.objects.get().due == (1 if narrow else 2)
    finish(sandbox)
    clock.look(hours=2)
    assert not RuleLead.objects.exists()
    fresh = LeadEnrichment.objects.filter(email_checked_at__gt=clock.now - DAY).count()
    assert fresh == (1 if narrow else 2)


def test_keys_that_are_no_numbers(old_leads, clock):
    """UUIDs on both databases."""
    for number in range(3):
        lead = Candidate.objects.create(name=f"Ann{number} King", company="Firm", email=f"ann{number}@firm.com")
        LeadEnrichment.objects.create(
            model="crm.candidate", key=str(lead.pk), email=lead.email, email_checked_at=clock.now - 91 * DAY
        )
    old_leads(model="crm.Candidate")
    clock.look()
    assert EnrichmentRun.objects.get().selected == 3
    assert LeadSearch.objects.count() == 3


def test_pages_of_skipped_leads_in_front_hide_nobody(make_leads, old_leads, clock, sandbox, monkeypatch):
    """Those who wait for their time are passed over, page by page."""
    monkeypatch.setattr(created, "MOST", 2)
    monkeypatch.setattr(stale, "MOST", 2)
    monkeypatch.setattr("leads.upkeep.rules.dates.MOST", 2)
    checked(make_leads, clock, 200, 199, 198, 197, 196, prefix="odd", email="")
    checked(make_leads, clock, 95)
    old_leads()
    for _ in range(4):
        clock.look(hours=1)
        finish(sandbox)
    assert SearchJob.objects.get().requested == 1


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ({0: 900}, (10, 0)),
        ({45: 900}, (20, 0)),
        ({89: 7, 0: 90}, (7, 7)),
        ({300: 50}, (50, 50)),
        (dict.fromkeys(range(90), 10), (10, 10)),
        ({}, (0, 0)),
    ],
    ids=["all of today", "all of 45 days ago", "a few and many", "too old already", "spread", "none"],
)
def test_a_day_takes_so_many_that_no_later_one_needs_more(ages, expected):
    """The most, over all later days, of what has to be done by then divided by the days that are left."""
    now = dt.datetime(2026, 5, 5, 12, tzinfo=dt.UTC)
    per_day = {now.date() - age * DAY: number for age, number in ages.items()}
    assert pace(per_day, now, RULE) == expected
