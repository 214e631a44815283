"""The texts of a filter become values that the database can be asked for; anything else is told."""

from __future__ import annotations

import copy
import uuid

import pytest
from django.db import models
from django.test.utils import isolate_apps
from hypothesis import given
from hypothesis import strategies as st

from leads.mapping import registry
from leads.narrowing import NoValueError, moment, read
from tests.crm.lead_mapping import ContactMapping
from tests.crm.models import Company, Contact
from tests.leads.mapping_checks.shapes import contact, mapping

pytestmark = pytest.mark.django_db
FIELDS = {
    "whole": models.IntegerField(),
    "amount": models.DecimalField(max_digits=5, decimal_places=2),
    "share": models.FloatField(),
    "day": models.DateField(),
    "at": models.DateTimeField(),
    "yes": models.BooleanField(),
    "token": models.UUIDField(),
    "text": models.CharField(max_length=9),
}


@isolate_apps("tests.crm")
def condition(name, *texts):
    # A model takes its fields: each call makes its own.
    fields = {name: copy.copy(field) for name, field in FIELDS.items()}
    return read(mapping(contact(**fields), api_filters=[name]), name).condition(list(texts), "default")


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        *(("whole", [text]) for text in ("", "x", "1.5", "9" * 30, "9" * 5000, "\x00")),
        *(("amount", [text]) for text in ("NaN", "Infinity", "x", "")),
        *(("share", [text]) for text in ("nan", "x", "")),
        *(("day", [text]) for text in ("2026-02-30", "x", "")),
        ("at__lt", ["soon"]),
        *(("yes", [text]) for text in ("", "maybe", "\x00")),
        ("token", ["x"]),
        *(("text", [text]) for text in ("a\x00", "\ud800")),
        ("text__startswith", ["\x00"]),
        ("text__isnull", ["x"]),
        ("text", ["a", "b"]),
        ("text", []),
    ],
    ids=lambda value: str(value)[:20].encode("unicode_escape").decode(),
)
def test_what_is_no_value_is_told(name, texts):
    """Whatever the column is."""
    with pytest.raises(NoValueError):
        condition(name, *texts)


def test_values_are_of_the_type_of_the_column():
    """So that an index serves."""
    token = uuid.uuid4()
    assert condition("token", str(token)) == models.Q(token__exact=token)
    assert condition("whole__in", "1", "2") == models.Q(whole__in=[1, 2])
    assert condition("yes", "True") == models.Q(yes__exact=True)
    assert condition("at__gte", "2026-01-01").children[0][1].tzinfo is not None


@given(
    st.sampled_from(["id__in", "changed_at__lt", "employer", "given_name__contains", "opted_out", "mobile__isnull"]),
    st.text(),
)
def test_no_text_breaks_a_query(name, text):
    """Any text of any length: rows, or a sentence."""
    ContactMapping.api_filters = [name]
    try:
        list(Contact.objects.filter(read(registry.of(Contact), name).condition([text], "default")))
    except NoValueError:
        pass
    finally:
        del ContactMapping.api_filters


def test_a_found_value_and_a_name_are_known_as_such(monkeypatch):
    """Also where the mapping reads them by a path."""
    mapped = registry.of(Contact)
    assert (read(mapped, "work_email__gt").is_output, read(mapped, "work_email").is_personal) == (True, True)
    assert (read(mapped, "given_name").is_output, read(mapped, "given_name").is_personal) == (False, True)
    assert read(mapped, "employer__website").is_personal is False
    monkeypatch.setattr(ContactMapping, "email", "employer__website")
    assert read(mapped, "employer__website__contains").is_output
    assert Company.objects.count() == 0


def test_a_moment_is_one_of_the_projects_zone():
    """Where it names none."""
    assert moment("2026-01-31").tzinfo is not None
    for text in ("", "x", "2026-13-01", "1" * 5000):
        with pytest.raises(NoValueError):
            moment(text)
