"""What a mapping lets programs filter by is a column, one lookup, and never another model's leads."""

from __future__ import annotations

import pytest
from django.db import models

from tests.crm.fields import SecretField
from tests.crm.models import Contact
from tests.leads.mapping_checks.shapes import codes, contact, mapping, only


def lead():
    """Return a model with more fields."""
    return contact(
        city=models.CharField(max_length=9),
        score=models.IntegerField(null=True),
        data=models.JSONField(),
        secret=SecretField(),
        token=models.UUIDField(null=True),
        joined=models.DateTimeField(auto_now_add=True),
        agent=models.ForeignKey(Contact, models.CASCADE, null=True, related_name="+"),
        tags=models.ManyToManyField(Contact, related_name="+"),
    )


def test_columns_and_paths_with_one_lookup_are_filters():
    """Also a found value: who may not view it, may not use it."""
    good = ["city", "city__icontains", "score__in", "joined__gte", "employer", "employer__title", "employer__isnull"]
    assert codes(mapping(lead(), api_filters=[*good, "work_email__startswith", "pk__gt", "token", "agent"])) == []


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("citi", "no field 'citi'"),
        ("", "no field ''"),
        ("city__regex", "no relation"),
        ("city__iregex", "no relation"),
        ("city__upper__exact", "no relation"),
        ("joined__year", "no relation"),
        ("data", "JSONField"),
        ("data__key", "no relation"),
        ("secret", "SecretField"),
        ("score__contains", "compares texts"),
        ("token__gt", "needs an order"),
        ("tags", "no column"),
        ("employer__people", "no column"),
        ("employer__gt", "a relation is compared"),
        ("employer__name", "no field 'name'"),
        ("agent__given_name", "leads to other leads"),
        ("exact", "names no field"),
    ],
)
def test_what_is_no_filter_is_told(name, word):
    """In a sentence, before a program asks."""
    told = only(mapping(lead(), api_filters=["city", name]))
    assert told[:2] == ("E133", "api_filters")
    assert word in told[2]


@pytest.mark.parametrize("name", ["cursor", "limit", "ordering", "searching"])
def test_a_name_that_every_list_has_is_told(name):
    """It would never be reached."""
    told = only(mapping(contact(**{name: models.CharField(max_length=9)}), api_filters=[name]))
    assert told[:2] == ("E133", "api_filters")


def test_a_text_is_no_list():
    """As for the other lists of names."""
    assert codes(mapping(lead(), api_filters="city")) == ["E112"]
