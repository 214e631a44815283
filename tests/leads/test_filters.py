"""What ``--where`` can say."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test.utils import override_settings
from django.utils import timezone

from leads import filters
from leads.filters import FilterError, first
from leads.mapping import registry
from leads.models import Lead

pytestmark = pytest.mark.django_db


def matching(conditions=(), **named):
    return filters.matching(registry.of(Lead), conditions, **named)


@pytest.fixture
def three_leads():
    """Ann in France has an e-mail, Bob in Germany has none, Cem has a name with a comma."""
    Lead.objects.create(crm_id="ann", fullname="Ann", country_code="FR", email="ann@x.com", email_status="valid")
    now = timezone.now()
    Lead.objects.create(crm_id="bob", fullname="Bob", country_code="DE", company_domain="bob.de", phone_checked_at=now)
    Lead.objects.create(crm_id="cem", fullname="Cem, Jr.", company_domain="cem.com")
    Lead.objects.filter(crm_id="ann").update(created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))


@pytest.mark.parametrize(
    ("conditions", "crm_ids"),
    [
        ([], "ann bob cem"),
        (["email="], "bob cem"),
        (["email__exact="], "bob cem"),
        (["email!="], "ann"),
        (["company_domain__endswith=.com"], "cem"),
        (["country_code__in=FR,DE"], "ann bob"),
        (["country_code__in!=FR,DE"], "cem"),
        (['fullname__in="Cem, Jr.",Ann'], "ann cem"),
        (["phone_checked_at__isnull=true"], "ann cem"),
        (["phone_checked_at__isnull=no"], "bob"),
        (["created_at__gte=2026-01-01", "created_at__lt=2026-01-02"], "ann"),
        (["created_at__range=2026-01-01,2026-01-02T10:00"], "ann"),
        (["created_at__year=2026", "crm_id=ann"], "ann"),
        (["created_at__date__lte=2026-01-01"], "ann"),
        (["created_at__gte=2026-01-01T00:00:01+00:00"], "bob cem"),
        (["fullname__iregex=^a"], "ann"),
        (["fullname__icontains=n", "country_code=FR"], "ann"),
        (["crm_id__startswith=c"], "cem"),
    ],
)
def test_every_lookup_of_django_selects_the_leads(three_leads, conditions, crm_ids):
    """Conditions are met together; != turns one round; lists, dates and yes/no are read as a person writes them."""
    with override_settings(TIME_ZONE="UTC"):
        assert " ".join(matching(conditions).values_list("crm_id", flat=True)) == crm_ids


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("emial=x", ["'emial'", "Did you mean email"]),
        ("zzzzz=x", ["'zzzzz'", "Fields: ", "company_domain"]),
        ("password__startswith=x", ["'password'"]),
        ("email__endswiht=x", ["'endswiht'", "Did you mean endswith"]),
        ("email__user__name=x", ["email", "lookup"]),
        ("created_at__gte=yesterday", ["'yesterday'", "created_at__gte"]),
        ("created_at__gte=2026-13-45", ["'2026-13-45'"]),
        ("id=seven", ["'seven'", "id"]),
        ("phone_checked_at__isnull=maybe", ["'maybe'"]),
        ("created_at__range=2026-01-01", ["'2026-01-01'"]),
        ("fullname__regex=(", ["'('"]),
        ("fullname__regex=a{99999999999}", ["'a{99999999999}'"]),
        ("fullname__regex=" + "(" * 1000, ["fullname__regex"]),
        ("fullname__regex=" + "a" * 1001, ["fullname__regex"]),
        ("email__in=a\rb", ["email__in"]),
        ("email", ["'email'", "FIELD=VALUE"]),
        ("=x", ["''"]),
        ("__in=x", ["''"]),
        ("pk__gt=x", ["'x'", "pk__gt"]),
        ("", ["''"]),
    ],
)
def test_what_cannot_be_understood_is_one_sentence_that_names_it(condition, words):
    """The word that is wrong stands in the sentence, with near or known ones."""
    with pytest.raises(FilterError) as caught:
        matching([condition])

    assert all(word in str(caught.value) for word in words), caught.value
    assert str(caught.value).endswith(".") or str(caught.value).endswith("?")


def test_an_unknown_crm_id_is_named(three_leads):
    """Who names leads means all of them: one that is not there stops the call before anything is spent."""
    assert matching(crm_ids=["ann", "cem"]).count() == 2
    with pytest.raises(FilterError, match="no lead with the crm_id 'dan'"):
        matching(crm_ids=["ann", "dan"])


def test_the_first_leads_stay_the_same_when_some_no_longer_match(three_leads):
    """A limit is a bound on the key: enriching the first lead does not let a third one in."""
    limited = first(matching(["fullname!="]), 2)
    assert list(limited.values_list("crm_id", flat=True)) == ["ann", "bob"]

    Lead.objects.filter(crm_id="ann").update(fullname="")

    assert list(limited.values_list("crm_id", flat=True)) == ["bob"]
    assert first(matching(), 99).count() == 3
