"""``get_queryset()`` of a mapping is called, and asks the database nothing: these tests may open none."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from tests.leads.mapping_checks.shapes import codes, contact, mapping, model, only


def raising(error):
    """Return a method that raises."""

    def get_queryset(self):
        raise error

    return get_queryset


@pytest.mark.parametrize(
    ("of", "word"),
    [
        (lambda model: None, "returns nothing"),
        (lambda model: model.objects, "returns a Manager"),
        (lambda model: [], "returns a list"),
        (lambda model: model.objects.raw("SELECT 1"), "returns a RawQuerySet"),
        (lambda model: model.objects.all()[:10], "slice"),
        (lambda model: model.objects.filter(mobile="").union(model.objects.filter(given_name="")), "union"),
        (lambda model: model.objects.values("mobile"), "values()"),
        (lambda model: model.objects.values_list("pk", flat=True), "values()"),
        (
            lambda model: model._meta.get_field("employer").related_model.objects.all(),
            "crm.Company, not of crm.Contact",
        ),
        (lambda model: model.objects.filter(nonsense=1), "raises FieldError"),
    ],
)
def test_what_cannot_be_asked_for_single_leads_is_told(of, word):
    """It is asked at planning, and again before each POST."""
    code, attribute, text = only(mapping(contact(), get_queryset=lambda self: of(self.model)))
    assert (code, attribute) == ("E128", "get_queryset")
    assert word in text


@pytest.mark.parametrize(
    "of",
    [
        lambda model: model.objects.all(),
        lambda model: model.objects.exclude(mobile="x").order_by("mobile").distinct(),
        lambda model: model.objects.filter(employer__title="x").select_related("employer"),
        lambda model: model.objects.none(),
        lambda model: model.objects.using("default"),
    ],
)
def test_a_queryset_of_the_model_is_right(of):
    """Whatever it leaves out."""
    assert codes(mapping(contact(), get_queryset=lambda self: of(self.model))) == []


def test_rows_by_a_proxy_are_the_models_own_and_by_a_child_are_not():
    """A child's table has some of the rows; a filter says which."""
    lead = contact()
    proxy, child = model("KeyContact", lead, meta={"proxy": True}), model("Partner", lead)
    assert codes(mapping(lead, get_queryset=lambda self: proxy.objects.all())) == []
    assert only(mapping(lead, get_queryset=lambda self: child.objects.all()))[0] == "E128"


def test_a_database_that_does_not_answer_is_no_mistake_of_the_mapping():
    """Before the first migrate a project's own look-up finds no table."""
    lead = contact()
    assert codes(mapping(lead, get_queryset=raising(OperationalError("no such table")))) == []
    assert "raises KeyError" in only(mapping(lead, get_queryset=raising(KeyError("site"))))[2]
