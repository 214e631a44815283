"""Today's three kinds: what a person says for each, and in which form a value is kept."""

from __future__ import annotations

import pytest

from enrow_webhooks.client.errors import BadInput
from enrow_webhooks.client.values import Kind
from leads.kinds import KINDS, WORDS, Candidate, asked, finder_of, label, title
from leads.models import Lead, SearchJob


def test_every_kind_is_in_the_table():
    """A kind of the client that is missing here could be neither bought nor read."""
    assert set(KINDS) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_its_fields_are_fields_of_a_lead_and_hold_its_words(kind):
    """A result is written to them by SQL, which asks no model whether a word fits."""
    facts = KINDS[kind]
    for name in filter(None, (facts.value, facts.status, facts.checked_at, facts.country)):
        Lead._meta.get_field(name)
    words = {value for value, _ in Lead._meta.get_field(facts.status).choices}
    assert {facts.found, facts.not_found} <= words
    assert len(kind) <= SearchJob._meta.get_field("kind").max_length


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_is_asked_for_by_its_own_word(kind):
    """What ``asked`` says leads back to the kind; one that judges has no word."""
    words = asked(kind).get("find", set())
    assert [WORDS[word] for word in words] == ([] if KINDS[kind].judges else [kind])
    assert asked(kind).get("verify", False) is KINDS[kind].judges


def test_the_words_are_what_callers_type():
    """They stand in the host's own code, and in its cron jobs."""
    assert WORDS == {"email": Kind.FIND_EMAIL, "phone": Kind.FIND_PHONE}


def test_a_judging_kind_knows_who_finds_its_value():
    """Verifying an e-mail and finding one are about the same field."""
    assert [finder_of(kind) for kind in Kind] == [None, Kind.FIND_EMAIL, None]


def test_a_title_is_the_label_at_the_beginning_of_a_sentence():
    """For buttons and headings."""
    assert (label("find_email"), title("find_email")) == ("find e-mail", "Find e-mail")


@pytest.mark.parametrize(
    ("number", "country", "kept"),
    [
        ("+33 6 12 34 56 78", "", ("+33612345678", "FR")),
        ("06 12 34 56 78", "FR", ("+33612345678", "FR")),
        ("+33612345678", "DE", ("+33612345678", "DE")),
        ("0612345678", "", ("0612345678", "")),
        ("0612345678", "ZZ", ("0612345678", "ZZ")),
    ],
)
def test_a_phone_is_kept_in_e164_when_it_can_be_read(number, country, kept):
    """Enrow's own country wins; a number whose country is not known is kept as it came."""
    assert KINDS[Kind.FIND_PHONE].tidy(number, country) == kept


@pytest.mark.parametrize(
    ("kind", "value", "country"),
    [
        (Kind.FIND_PHONE, "ask the desk", "FR"),
        (Kind.FIND_PHONE, "x" * 40, ""),
        (Kind.FIND_PHONE, "12", "FR"),
        (Kind.FIND_PHONE, "12", ""),
        (Kind.FIND_PHONE, "+33", ""),
        (Kind.FIND_PHONE, "+336123456789012345", ""),
        (Kind.FIND_EMAIL, "not-an-email", ""),
        (Kind.FIND_EMAIL, "ann@firm", ""),
    ],
)
def test_a_value_that_nobody_can_write_to_or_call_is_none(kind, value, country):
    """It must not stand in a lead as if it were one."""
    with pytest.raises(BadInput, match=r"is not an? "):
        KINDS[kind].tidy(value, country)


def test_an_email_is_kept_as_it_came():
    """Nothing of what was paid for is changed."""
    assert KINDS[Kind.FIND_EMAIL].tidy("Ann@Firm.com", "") == ("Ann@Firm.com", "")


def test_a_candidate_prints_no_person():
    """Planning holds thousands of them; a traceback shows their keys only."""
    assert repr(Candidate(7, *["Ann"] * 11)) == "<Candidate 7>"
