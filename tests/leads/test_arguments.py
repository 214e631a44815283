"""What a caller may hand to enrich(): taken, or refused by a sentence that says what to write."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from leads import arguments
from leads.models import Lead

WORDS = ("email", "phone")


class Client(Lead):
    """A proxy of the lead model, as hosts make them for an admin page of their own."""

    class Meta:
        proxy = True
        app_label = "elsewhere"


@pytest.mark.parametrize(
    "leads",
    [
        Lead.objects.all(),
        Lead.objects.filter(email="")[:5],
        Lead.objects.none(),
        Lead.objects.all().union(Lead.objects.filter(email="")),
        Lead.objects.distinct(),
        Lead.objects.only("pk").alias(twice=Lead.objects.values("pk")[:1]),
        Client.objects.all(),
    ],
    ids=["all", "slice", "none", "union", "distinct", "only", "proxy"],
)
def test_every_queryset_of_leads_is_taken_as_it_is(leads):
    """Whatever narrows or orders it."""
    assert arguments.leads(leads) is leads


@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        ([], TypeError, r"a queryset of leads, not a list\. .* Lead\.objects\.filter\(pk__in=\["),
        (Lead(), TypeError, "not a Lead"),
        (None, TypeError, "not a NoneType"),
        (Lead, TypeError, "not a ModelBase"),
        (Lead.objects, TypeError, r"Lead\.objects\.all\(\), not the manager"),
        (Lead.objects.raw("SELECT 1"), TypeError, "not a RawQuerySet"),
        (
            User.objects.all(),
            ValueError,
            r"(?s)auth\.User is not mapped to leads.*lead_mapping\.py of the app auth.*@register\(User\)",
        ),
        (Lead.objects.values(), TypeError, r"leave values\(\)"),
        (Lead.objects.values("email"), TypeError, r"leave values\(\)"),
        (Lead.objects.values_list("pk", flat=True), TypeError, r"leave values\(\)"),
        (Lead.objects.dates("created_at", "day"), TypeError, r"leave values\(\)"),
    ],
)
def test_what_are_no_leads_is_refused(given, error, sentence):
    """Rows of another model became a job of orphans, a list an AttributeError."""
    with pytest.raises(error, match=sentence):
        arguments.leads(given)


@pytest.mark.parametrize("given", [{"email"}, ["email"], ("email", "email"), iter(["email"]), {"email": 1}])
def test_any_collection_of_words_is_taken(given):
    """A set is what is meant, whatever holds the words."""
    assert arguments.words(given, allowed=WORDS) == {"email"}


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ("email", TypeError),
        (b"email", TypeError),
        (None, TypeError),
        (5, TypeError),
        ({"fax"}, ValueError),
        ({"email", "e-mail"}, ValueError),
        ([["email"]], ValueError),
        ({"email", None}, ValueError),
    ],
)
def test_a_wrong_word_is_refused_with_those_that_are_right(given, error):
    """A text is no set of words, though Python would take its letters for one."""
    with pytest.raises(error, match=r"find takes a set of words, like \{'email', 'phone'\}"):
        arguments.words(given, allowed=WORDS)


@pytest.mark.parametrize(
    ("given", "amount"),
    [(None, None), (0, 0), (5, 5), (0.25, Decimal("0.25")), ("12.5", Decimal("12.5")), (Decimal("1e3"), 1000)],
)
def test_an_amount_is_taken_exactly(given, amount):
    """No binary fraction gets into the sums, and no cap is not a cap of zero."""
    assert arguments.cap(given) == amount


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ("abc", ValueError),
        ("", ValueError),
        ("nan", ValueError),
        (float("nan"), ValueError),
        (float("inf"), ValueError),
        (Decimal("sNaN"), ValueError),
        (-1, ValueError),
        ("-0.25", ValueError),
        (True, TypeError),
        (False, TypeError),
        ([5], TypeError),
        ({}, TypeError),
        (1j, TypeError),
    ],
)
def test_what_is_no_amount_does_not_become_no_cap(given, error):
    """True is not one credit, and NaN is not endless."""
    with pytest.raises(error, match="max_credits takes a number of credits"):
        arguments.cap(given)
