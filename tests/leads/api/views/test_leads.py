"""Mapped models, their leads, filters and pages."""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote

import pytest
from django.utils import timezone

from leads.enrichment import enrich
from leads.mapping import registry
from leads.models import Lead, LeadSearch
from tests.conftest import finish
from tests.crm.lead_mapping import ContactMapping
from tests.crm.models import Candidate, Company, Contact, Member, Person
from tests.leads.api.client import ALL, every_row, program, told

pytestmark = pytest.mark.django_db
VIEW = tuple(f"view_{name}" for name in ("lead", "contact", "candidate", "person", "member"))


@pytest.fixture
def ann(db):
    return program(*VIEW, "view_found_values")


def names(asking, path, query=None):
    return [row["crm_id"] for row in every_row(asking, path, query)]


def test_the_models_are_those_whose_leads_one_may_see(make_leads):
    """With their filters; another model is not there at all."""
    clerk = program("view_contact")
    (model,) = told(clerk.get("models/"))["results"]
    assert (model["model"], model["may_search"]) == ("crm.contact", False)
    assert {"crm_id", "email_status", "phone_status", "searching", "email_checked_before"} <= set(model["filters"])
    told(clerk.get("models/crm.contact/leads/"))
    make_leads(1)
    for path in ("models/leads.lead/leads/", "models/leads.lead/leads/lead-0/", "models/auth.user/leads/"):
        told(clerk.get(path), 404)


def test_every_model_is_told_the_same_way(ann, sandbox):
    """Own columns or beside the table, values in another table, keys of any kind; what needs a permission is null."""
    firm = Company.objects.create(title="Firm", website="firm.com")
    Contact.objects.create(given_name="Ann", family_name="Somebody", employer=firm)
    Candidate.objects.create(name="Bob Somebody", company="firm.com")
    Person.objects.create(code="c-1", name="Carl Somebody", domain="firm.com")
    Member.objects.create(name="Dora Somebody", domain="firm.com", linkedin="https://www.linkedin.com/in/dora/")
    blind = program(*VIEW, name="blind")
    for model in (Contact, Candidate, Person, Member):
        enrich(model.objects.all(), find={"email"})
    finish(sandbox)
    for model in (Contact, Candidate, Person, Member):
        mapping = registry.of(model)
        (lead,) = every_row(ann, f"models/{mapping.label}/leads/")
        email = lead["values"][0]
        assert (email["name"], email["status"], email["searching"]) == ("email", "valid", False)
        assert "somebody@firm" in email["value"]
        assert email["checked_at"] or mapping.column("email_status")
        detail = told(ann.get(f"models/{mapping.label}/leads/{lead['crm_id']}/"))
        assert [search["value"] for search in detail.pop("searches")] == [email["value"]]
        assert detail == lead
        hidden = blind.get(f"models/{mapping.label}/leads/{lead['crm_id']}/").content.decode()
        assert email["value"] not in hidden
        assert '"status":"valid"' in hidden


def test_a_crm_id_may_be_any_text(ann):
    """Slashes, spaces, a percent sign."""
    for name in ("a/b", "a b", "100%", "ä?x=1&y", ".."):
        Lead.objects.create(crm_id=name)
    for name in ("a/b", "a b", "100%", "ä?x=1&y"):
        assert told(ann.get(f"models/leads.lead/leads/{quote(name, safe='')}/"))["crm_id"] == name
    assert names(ann, "models/leads.lead/leads/", {"crm_id": ["..", "a/b"]}) == ["a/b", ".."]
    for wrong in ("nobody", "a\x00", "%ED%A0%80"):
        told(ann.get(f"models/leads.lead/leads/{wrong}/"), 404)


def test_pages_show_each_lead_once_in_both_directions(ann, make_leads):
    """Whatever the size of a page; a lead that comes meanwhile is on no page twice."""
    make_leads(7)
    every = [f"lead-{number}" for number in range(7)]
    for limit in (1, 2, 7, 200):
        assert names(ann, "models/leads.lead/leads/", {"limit": limit}) == every
    assert names(ann, "models/leads.lead/leads/", {"limit": 3, "ordering": "-key"}) == every[::-1]


@pytest.mark.parametrize(
    "query",
    [
        *({"limit": text} for text in ("0", "201", "-1", "x", "9" * 5000, "१")),
        *(
            {"cursor": text}
            for text in ("", "x", "W10=", "WyJhIl0=", "bnVsbA==", "WzFd", "WyIxIiwyXQ==", "é", "W" * 9000)
        ),
        *({"ordering": text} for text in ("email", "?", "-", "pk")),
        {"email_status": "fine"},
        {"email_status": ["valid", "invalid"]},
        {"searching": "fax"},
        {"email_checked_before": "yesterday"},
        {"emial_status": "valid"},
        {"email": "a@b.com"},
        {"email__startswith": "a"},
        {"email__regex": "a"},
        {"company_name": "Firm"},
        {"updated_at__gte": "2000-01-01"},
        {"id__in": "1"},
        {"crm_id__startswith": "lead"},
        {"crm_id": ["x"] * 201},
        {"\x00": "a"},
    ],
    ids=str,
)
def test_a_parameter_that_nobody_knows_is_an_error(ann, make_leads, query):
    """Left out in silence, a filter with a slip would show everybody."""
    make_leads(1)
    answer = told(ann.get("models/leads.lead/leads/", query), 400)
    assert [name for name in answer if name in {*query, "cursor"}]


def test_filters_find_what_is_known(ann, make_leads):
    """Key, status, age, and what is being searched."""
    make_leads(4)
    now = timezone.now()
    Lead.objects.filter(crm_id="lead-1").update(email="a@b.com", email_status="valid", email_checked_at=now)
    old = now - dt.timedelta(days=100)
    Lead.objects.filter(crm_id="lead-2").update(email_status="not_found", email_checked_at=old)
    enrich(Lead.objects.filter(crm_id="lead-3"), find={"email"})
    path = "models/leads.lead/leads/"
    day = (now - dt.timedelta(days=1)).isoformat()
    assert names(ann, path, {"email_status": "valid"}) == ["lead-1"]
    assert names(ann, path, {"email_status": "never_tried"}) == ["lead-0", "lead-3"]
    assert names(ann, path, {"searching": "email"}) == ["lead-3"]
    assert names(ann, path, {"email_checked_before": day}) == ["lead-2"]
    assert names(ann, path, {"email_checked_after": day}) == ["lead-1"]
    assert names(ann, path, {"email_checked_after": day, "email_status": "not_found"}) == []


def test_age_counts_beside_the_table_while_the_value_is_the_same(ann, sandbox):
    """As a status does."""
    firm = Company.objects.create(title="Firm", website="firm.com")
    for name in ("Ann", "Edited"):
        Contact.objects.create(given_name=name, family_name="Somebody", employer=firm)
    enrich(Contact.objects.all(), find={"email"})
    finish(sandbox)
    Contact.objects.filter(given_name="Edited").update(work_email="other@firm.com")
    path, day = "models/crm.contact/leads/", (timezone.now() - dt.timedelta(days=1)).isoformat()
    assert names(ann, path, {"email_checked_after": day}) == [f"contact-{Contact.objects.get(given_name='Ann').pk}"]
    assert names(ann, path, {"email_checked_before": day}) == []


@pytest.fixture
def filters(monkeypatch):
    def add(*added):
        monkeypatch.setattr(ContactMapping, "api_filters", added)

    return add


def test_a_mapping_adds_filters(ann, filters):
    """Own columns and paths over to-one relations, each with one lookup and no other."""
    filters("opted_out", "changed_at__gte", "employer__city", "employer", "employer__isnull", "pk__in")
    lyon, paris = (Company.objects.create(title=city, city=city) for city in ("Lyon", "Paris"))
    one, two, three = (Contact.objects.create(given_name="A", employer=firm) for firm in (lyon, paris, None))
    path = "models/crm.contact/leads/"
    for query, found in (
        ({"employer__city": "Lyon"}, [one]),
        ({"employer": lyon.pk}, [one]),
        ({"employer__isnull": "true"}, [three]),
        ({"opted_out": "false", "pk__in": [one.pk, two.pk]}, [one, two]),
        ({"changed_at__gte": "2100-01-01"}, []),
    ):
        assert names(ann, path, query) == [f"contact-{lead.pk}" for lead in found]
    for query in (
        *({"employer__city__startswith": "L"}, {"employer__title": "Lyon"}, {"changed_at__lt": "2100-01-01"}),
        *({"employer": "x"}, {"pk__in": "9" * 30}, {"opted_out": "maybe"}, {"employer__city": "a\x00"}),
        *({"changed_at__gte": "x"}, {"employer__city": ["a", "b"]}),
    ):
        told(ann.get(path, query), 400)


def test_a_found_value_is_no_filter_for_who_may_not_view_it(ann, filters, sandbox):
    """And for nobody in an address: it would stand in the logs."""
    filters("work_email__startswith", "given_name")
    Contact.objects.create(given_name="Ann", work_email="ann@firm.com")
    ask = {"model": "crm.contact", "verify": True, "filter": {"work_email__startswith": "ann@"}}
    blind, seeing = (
        program("spend_credits", "view_contact", *more, name=f"u{more}") for more in ((), ("view_found_values",))
    )
    told(blind.post("estimates/", ask), 400)
    assert told(seeing.post("estimates/", ask))["counts"][0]["searched"] == 1
    assert "work_email__startswith" not in told(blind.get("models/"))["results"][0]["filters"]
    for query in (ask["filter"], {"given_name": "Ann"}):
        answer = told(seeing.get("models/crm.contact/leads/", query), 400)
        assert "addresses are logged" in str(answer)


def test_a_list_costs_a_constant_number_of_queries(ann, make_leads, django_assert_max_num_queries):
    """However many leads a page has."""
    make_leads(60)
    LeadSearch.objects.all().delete()
    for limit in (1, 60):
        with django_assert_max_num_queries(12):
            assert len(told(ann.get("models/leads.lead/leads/", {"limit": limit}))["results"]) == limit


def test_who_only_spends_sees_no_leads(make_leads):
    """The permission of the model is asked, on every way."""
    make_leads(1)
    spender = program("spend_credits")
    told(spender.get("models/leads.lead/leads/"), 404)
    body = {"model": "leads.lead", "find": ["email"], "max_credits": "1", "all": True}
    told(spender.post("runs/", body), 400)
    told(spender.post("estimates/", body), 400)
    assert ALL
