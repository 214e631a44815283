"""``manage.py check`` says what is wrong with a rule, and what to write instead."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.db.models import Index, Q

from leads.rules import EnrichmentRule
from tests.crm.models import Candidate

# Django 6.1 asks the database, too, whenever checks run.
pytestmark = pytest.mark.django_db

RULE = {"name": "new", "model": "leads.Lead", "find": {"email"}, "daily_credits": 100}
STALE = RULE | {"when": "stale", "days": 90}


def messages():
    numbers = {f"enrow.E{number}" for number in range(141, 147)} | {"enrow.W106"}
    return [message for message in run_checks() if message.id in numbers]


@pytest.mark.parametrize(
    "keys",
    [
        RULE,
        STALE,
        RULE | {"model": "LEADS.lead", "daily_credits": "0.25", "find": (), "verify": True},
        RULE | {"find": ["email", "phone"], "where": {"company_domain__endswith": ".com", "pk__in": [1, 2]}},
        RULE | {"where": ~Q(email="") & Q(firstname__startswith="A")},
        RULE | {"model": "crm.Contact", "where": {"employer__city": "Lyon", "employer__contact__mobile": ""}},
        RULE | {"model": "crm.Candidate", "created_at": "made_at", "late_minutes": 0.5},
        STALE | {"model": "crm.Candidate"},
    ],
)
def test_a_rule_that_is_right(enrow, keys):
    """Silence means that all is well; no key needs an order where nothing new is looked for."""
    enrow(RULES=[EnrichmentRule(**keys)])
    assert messages() == []


def test_rules_are_off_by_default(enrow):
    """Neither none nor an empty list is wrong."""
    for rules in ([], (), None):
        enrow(RULES=rules)
        assert messages() == []


@pytest.mark.parametrize(
    ("keys", "code", "said"),
    [
        ({"name": ""}, "E141", "must be a text of up to 100 characters"),
        ({"name": "x" * 101}, "E141", "must be a text"),
        ({"name": " new"}, "E141", "without space"),
        ({"name": 7}, "E141", "must be a text"),
        ({"daily_credits": None}, "E142", "it has no daily cap"),
        ({"daily_credits": -1}, "E142", "must be credits, not -1"),
        ({"daily_credits": "much"}, "E142", "must be credits, not 'much'"),
        ({"daily_credits": float("inf")}, "E142", "must be credits"),
        ({"daily_credits": True}, "E142", "must be credits, not True"),
        ({"find": {"phone"}, "daily_credits": 39}, "E142", "one lead costs up to 40 credits"),
        ({"model": "leads.Leed"}, "E143", "'leads.Leed' is no mapped model"),
        ({"model": "crm.Stranger"}, "E143", "is no mapped model"),
        ({"model": "crm.Partner"}, "E143", "is no mapped model"),
        ({"model": None}, "E143", "None is no mapped model"),
        ({"model": "nonsense"}, "E143", "'nonsense' is no mapped model"),
        ({"find": {"fax"}}, "E144", "it knows no 'fax'"),
        ({"find": "email"}, "E144", "takes a set of words"),
        ({"find": 7}, "E144", "takes a set of words"),
        ({"find": ()}, "E144", "Nothing to do"),
        ({"when": "often"}, "E144", "not 'often'"),
        ({"days": 90}, "E144", "days is of rules that check again"),
        ({"late_minutes": 0}, "E144", "late_minutes must be"),
        ({"late_minutes": 1441}, "E144", "late_minutes must be"),
        ({"when": "stale"}, "E144", "days must be a whole number from 2 to 36,500, not None"),
        ({"when": "stale", "days": 1}, "E144", "not 1"),
        ({"when": "stale", "days": 90.5}, "E144", "not 90.5"),
        ({"when": "stale", "days": "ninety"}, "E144", "not 'ninety'"),
        ({"when": "stale", "days": 90, "find": {"email", "phone"}}, "E144", "asks for one thing"),
        ({"where": {"city": "Lyon"}}, "E145", "Cannot resolve keyword 'city'"),
        ({"where": {"firstname__near": "A"}}, "E145", "where cannot be asked"),
        ({"where": {"created_at__gte": "soon"}}, "E145", "where cannot be asked"),
        ({"where": {"pk": "x"}}, "E145", "where cannot be asked"),
        ({"where": Q(nothing=1)}, "E145", "Cannot resolve keyword 'nothing'"),
        ({"where": "city=Lyon"}, "E145", "must be a dict of lookups or a Q"),
        ({"where": {1: 2}}, "E145", "must be a dict of lookups or a Q"),
        ({"model": "crm.Candidate"}, "E146", "the key 'id' of crm.Candidate is a UUIDField, which has no order"),
        ({"model": "crm.Candidate", "created_at": "made"}, "E146", "has no field 'made'"),
        ({"model": "crm.Candidate", "created_at": "name"}, "E146", "'name' is a CharField"),
        ({"model": "crm.Candidate", "created_at": 7}, "E146", "must be the path to a field"),
        ({"created_at": "created_at"}, "W106", "has no index in leads.Lead"),
    ],
)
def test_what_is_wrong_is_said(enrow, keys, code, said):
    """One message, with the name of the rule, an id and a hint."""
    enrow(RULES=[EnrichmentRule(**RULE | keys)])
    (message,) = messages()
    assert message.id == f"enrow.{code}"
    assert message.msg.startswith('ENROW["RULES"], rule ')
    assert said in message.msg
    assert message.hint


@pytest.mark.parametrize("rules", [7, "new", {"new": 1}, ["new"], [RULE], EnrichmentRule("new", "leads.Lead")])
def test_what_is_no_list_of_rules(enrow, rules):
    """The hint has one that may be copied."""
    enrow(RULES=rules)
    (message,) = messages()
    assert message.id == "enrow.E141"
    assert "from leads.rules import EnrichmentRule" in message.hint


def test_a_name_twice(enrow):
    """What a rule has done is remembered by its name."""
    enrow(RULES=[EnrichmentRule(**RULE), EnrichmentRule(**STALE)])
    (message,) = messages()
    assert (message.id, "2 rules named 'new'" in message.msg) == ("enrow.E141", True)


def test_every_wrong_rule_is_told(enrow):
    """And all that is wrong with one, as far as it does not stand on something wrong."""
    both = EnrichmentRule(**RULE | {"daily_credits": None, "where": {"no": 1}})
    enrow(RULES=[both, EnrichmentRule(**RULE | {"name": "other", "find": ()})])
    assert sorted(message.id for message in messages()) == ["enrow.E142", "enrow.E144", "enrow.E145"]


def test_a_hint_names_what_was_meant(enrow):
    """The nearest name, or the parent that is mapped."""
    enrow(RULES=[EnrichmentRule(**RULE | {"model": "crm.Contakt"})])
    assert "crm.contact" in messages()[0].hint
    enrow(RULES=[EnrichmentRule(**RULE | {"model": "crm.Partner"})])
    assert "write 'crm.Contact'" in messages()[0].hint


def test_an_index_in_meta_counts(enrow, monkeypatch):
    """With or without db_index; one with a condition, or that begins with another field, does not."""
    monkeypatch.setattr(Candidate._meta.get_field("made_at"), "db_index", False)
    enrow(RULES=[EnrichmentRule(**RULE | {"model": "crm.Candidate", "created_at": "made_at"})])
    assert [message.id for message in messages()] == ["enrow.W106"]

    for index, told in (
        (Index(fields=["name", "made_at"], name="a"), 1),
        (Index(fields=["-made_at"], condition=Q(name=""), name="b"), 1),
        (Index(fields=["-made_at", "name"], name="c"), 0),
    ):
        monkeypatch.setattr(Candidate._meta, "indexes", [index])
        assert len(messages()) == told
