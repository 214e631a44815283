"""Rows in the order in which they were made, and places between them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from leads.mapping import registry
from leads.models import Lead
from leads.upkeep.rules import places
from leads.upkeep.rules.places import Place, Rows
from tests.crm.models import Agent, Candidate, Contact, Partner, Person

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def rows(model, path=""):
    mapping = registry.of(model)
    return Rows(mapping=mapping, leads=mapping.rows(), path=path)


def test_only_keys_that_the_database_numbers_have_an_order():
    """A UUID has none, nor a key that is the one of another row, which may be older."""
    assert [places.has_order(model) for model in (Lead, Contact, Person, Candidate, Partner)] == [True] * 3 + [
        False
    ] * 2
    assert places.has_order(Agent)


@pytest.mark.parametrize("place", [Place(), Place(key="17"), Place(NOW), Place(NOW, "a-b")])
def test_a_place_is_read_as_it_was_stored(place):
    """To the microsecond."""
    assert places.read(place.stored()) == place
    assert places.read([]) == Place()


def test_keys_are_compared_as_numbers(make_leads):
    """Behind one place, up to another; the last row may be gone."""
    leads = make_leads(12)
    own = rows(Lead)
    end = own.end(NOW)
    assert end == Place(key=str(leads[-1].pk))
    page = own.page(Place(key=str(leads[2].pk)), Place(key=str(leads[9].pk)), 3)
    assert [pk for pk, _ in page] == [lead.pk for lead in leads[3:6]]
    assert [place.key for _, place in page] == [str(lead.pk) for lead in leads[3:6]]
    Lead.objects.filter(pk__gt=leads[1].pk).delete()
    assert own.later(end, own.end(NOW)) == end
    assert own.later(Place(key="9"), Place(key="10")) == Place(key="10")
    assert own.later(Place(), Place(key="1")) == Place(key="1")


def test_an_empty_table_has_a_place_too():
    """Nothing is behind it."""
    own = rows(Lead)
    assert own.end(NOW) == Place()
    assert own.page(Place(), Place(), 5) == []


def test_times_are_half_open(make_leads):
    """A row of this very moment is of the next stretch, so that none is in two."""
    moments = [NOW - dt.timedelta(seconds=1), NOW, NOW, NOW + dt.timedelta(seconds=1)]
    made = [Candidate.objects.create(name="Ann King", made_at=at) for at in moments]
    own = rows(Candidate, "made_at")
    first = own.page(Place(NOW - dt.timedelta(days=1)), own.end(NOW), 5)
    assert [pk for pk, _ in first] == [made[0].pk]
    second = own.page(Place(NOW), Place(NOW + dt.timedelta(days=1)), 2)
    rest = own.page(second[-1][1], Place(NOW + dt.timedelta(days=1)), 2)
    assert {pk for pk, _ in second} == {made[1].pk, made[2].pk}
    assert [pk for pk, _ in rest] == [made[3].pk]
    assert own.page(Place(NOW), second[0][1], 5) == second[:1]
