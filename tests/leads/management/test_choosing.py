"""Which model a command is about."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import QuerySet

from leads.management import choosing
from leads.management.choosing import chosen
from leads.mapping import Registry, registry
from leads.models import Lead, LeadSearch
from tests.crm.models import Agent, Company, Contact, KeyContact, Partner

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def all_of_them(monkeypatch):
    monkeypatch.setattr(choosing, "registry", registry)


@pytest.fixture
def mapped(monkeypatch):
    """Let only these models be mapped."""

    def only(*models):
        some = Registry()
        for model in models:
            some.add(registry.of(model))
        monkeypatch.setattr(choosing, "registry", some)

    return only


def test_the_only_own_model_is_meant_and_else_leads_lead(mapped):
    """Nobody has to name what can be no other."""
    mapped(Lead)
    assert chosen("").model is Lead
    mapped(Lead, Contact)
    assert chosen("").model is Contact
    mapped(Contact)
    assert chosen("").model is Contact


def test_of_several_one_must_be_named():
    """The sentence lists the choices."""
    with pytest.raises(CommandError, match=r"give --model, one of .*crm\.Contact") as error:
        chosen("")
    assert error.value.returncode == 2


@pytest.mark.parametrize("label", ["crm.Contact", "CRM.contact", "crm.KeyContact"])
def test_a_model_is_named_by_its_label_in_any_case_or_by_a_proxy(label):
    """As Django takes labels."""
    assert chosen(label).model is Contact
    assert registry.of(KeyContact).model is Contact


@pytest.mark.parametrize("label", ["crm.Contcat", "contact", "crm.", "a.b.c", "x" * 70_000])
def test_a_model_that_is_not_there_is_said_with_a_near_one(label):
    """One sentence."""
    with pytest.raises(CommandError, match=r"There is no model|is not mapped"):
        chosen(label)


def test_a_model_that_nobody_mapped_is_told_the_lines_to_write():
    """They can be pasted."""
    with pytest.raises(CommandError, match=r"(?s)crm\.Company is not mapped.*@register\(Company\)"):
        chosen("crm.Company")


def test_leads_are_chosen_over_relations(sandbox, capsys):
    """By the city of their employer; each counts once, and who has none is found by that."""
    lyon = Company.objects.create(title="Firm", website="firm.com", city="Lyon")
    for number in range(3):
        Contact.objects.create(given_name=f"Ann{number}", family_name="Somebody", employer=lyon if number else None)
    for condition, searched in (
        ("employer__city=Lyon", 2),
        ("employer__title__icontains=fir", 2),
        ("employer__isnull=true", 0),
        ("employer__city!=Lyon", 0),
    ):
        call_command(
            "enrich_leads", "--model", "crm.Contact", "--find", "email", "--where", condition, "--dry-run", "--json"
        )
        told = json.loads(capsys.readouterr().out)
        assert sum(kind["to_search"] for kind in told["kinds"].values()) == searched, condition


@pytest.mark.parametrize("model", [Agent, Partner, KeyContact], ids=lambda model: model.__name__)
def test_a_child_or_a_proxy_means_its_own_rows(sandbox, capsys, monkeypatch, model):
    """Not all of the mapped table: credits are spent on who is named. Fields and crm_ids narrow it further."""
    monkeypatch.setattr(
        KeyContact._meta.default_manager, "get_queryset", lambda: QuerySet(KeyContact).filter(mobile="7")
    )
    firm = Company.objects.create(title="Firm", website="firm.com")
    told = {"family_name": "Somebody", "employer": firm}
    *_, other = (Contact.objects.create(**told, given_name=f"Ann{number}") for number in range(2))
    rows = [model.objects.create(**told, given_name=f"Eve{number}", mobile="7") for number in range(2)]

    def crm_ids(*options):
        call_command("enrich_leads", "--model", model._meta.label, "--find", "email", "--json", *options)
        run = json.loads(capsys.readouterr().out)["run"]
        return set(LeadSearch.objects.filter(job__run=run).values_list("crm_id", flat=True))

    names = [f"contact-{row.id}" for row in rows]
    with pytest.raises(CommandError, match="There is no lead with the crm_id"):
        crm_ids("--crm-id", f"contact-{other.id}")
    assert crm_ids("--crm-id", names[0]) == {names[0]}
    assert crm_ids("--where", f"pk={rows[1].pk}") == {names[1]}


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("employer__ctiy=x", ["A company has no field 'ctiy'", "Did you mean city"]),
        ("employer__city__nothing=x", ["city has no lookup 'nothing'"]),
        ("employer__gt=x", ["no field 'gt'"]),
        ("empolyer__city=x", ["'empolyer'", "employer"]),
        ("employer=abc", ["'abc' is no value for employer"]),
        ("employer__" * 60_000 + "city=x", ["characters"]),
    ],
)
def test_a_wrong_part_of_a_path_is_named(condition, words):
    """With what the model of that part has."""
    with pytest.raises(CommandError) as error:
        call_command("enrich_leads", "--model", "crm.Contact", "--find", "email", "--where", condition, "--dry-run")
    assert all(word in str(error.value) for word in words), error.value


def test_a_lead_that_is_reached_twice_counts_once(sandbox, capsys):
    """Three contacts of their company match; each lead is still one."""
    lyon = Company.objects.create(title="Firm", website="firm.com", city="Lyon")
    for number in range(3):
        Contact.objects.create(given_name=f"Ann{number}", family_name="Somebody", employer=lyon)
    condition = "employer__contact__given_name__startswith=Ann"
    call_command(
        "enrich_leads", "--model", "crm.Contact", "--find", "email", "--where", condition, "--dry-run", "--json"
    )
    assert json.loads(capsys.readouterr().out)["kinds"]["find_email"]["to_search"] == 3
