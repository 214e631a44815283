"""Code of the project writes leads, and fails."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from leads.enrichment import enrich
from leads.models import LeadSearch, SearchJob
from leads.results import waiting
from leads.upkeep.sweep import sweep
from tests.conftest import due_now, finish, work
from tests.crm.fields import SecretField
from tests.crm.lead_mapping import PersonMapping
from tests.crm.models import Candidate, Person

pytestmark = pytest.mark.django_db

ERRORS = [ValidationError("jane@doe.com is taken"), ValueError("jane@doe.com"), AttributeError("email")]


@pytest.fixture
def people():
    return [Person.objects.create(code=f"p{n}", name=f"Ann{n} Somebody", domain=f"firm{n}.com") for n in range(5)]


@pytest.fixture
def refuse(monkeypatch):
    """Let the project's write() raise an error for some people; give a function that ends it."""
    whole = PersonMapping.write

    def begin(error, *codes):
        def write(self, changes):
            if any(change.key in codes for change in changes):
                raise error
            return whole(self, changes)

        monkeypatch.setattr(PersonMapping, "write", write)
        return lambda: monkeypatch.setattr(PersonMapping, "write", whole)

    return begin


def effects():
    return dict(LeadSearch.objects.values_list("crm_id", "effect"))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_lead_for_which_write_fails_costs_the_others_nothing(people, sandbox, refuse, error):
    """It is marked, with the kind of the error and nothing that it quotes; later it is written free of charge."""
    end = refuse(error, "p1")
    enrich(Person.objects.all(), find={"email"})
    finish(sandbox)
    assert effects() == {f"person-p{n}": "refused" if n == 1 else "written" for n in range(5)}
    sentence = LeadSearch.objects.get(crm_id="person-p1").error
    assert sentence == f"Refused by the leads' table: person-p1: {type(error).__name__}"
    assert "jane" not in SearchJob.objects.get().last_error
    end()
    assert waiting.write(SearchJob.objects.get().pk, is_asked=True)
    assert set(effects().values()) == {"written"}


def test_a_write_that_always_fails_keeps_what_was_paid_for(people, sandbox, refuse):
    """Nobody is marked, the sweep goes on, and writes it once the project is put right."""
    end = refuse(ERRORS[1], *(person.code for person in people))
    enrich(Person.objects.all(), find={"email"})
    for _ in range(2):
        work(sandbox)
        due_now()
        sweep()
    job = SearchJob.objects.get()
    assert (job.state, job.found, set(effects().values())) == ("finished", 5, {""})
    assert "jane" not in job.last_error
    assert "WriteError at " in job.last_error
    assert "test_locking.py" in job.last_error, "the line of the project that failed"
    end()
    sweep()
    assert set(effects().values()) == {"written"}


def test_a_field_that_cannot_turn_a_value_costs_the_others_nothing(sandbox, monkeypatch):
    """As one that encrypts, and takes not every text."""
    for number in range(3):
        Candidate.objects.create(name=f"Ann{number} Somebody", company="Firm")
    whole, refused = SecretField.get_prep_value, set()

    def turn(self, value):
        if value and (not refused or value in refused):
            refused.add(value)
            raise ValueError(value)
        return whole(self, value)

    monkeypatch.setattr(SecretField, "get_prep_value", turn)
    enrich(Candidate.objects.all(), find={"phone"})
    finish(sandbox)
    assert sorted(effects().values()) == ["refused", "written", "written"]
