"""What may be said of a failure: never the values that its own message quotes."""

from __future__ import annotations

import contextlib
import logging
import sqlite3

import pytest

from enrow_webhooks.client.errors import Refused
from enrow_webhooks.client.scrub import describe, log_failure, scrub, stack


def raised(error: Exception) -> Exception:
    """Return the error as it is once it was raised, with its place in the code."""
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("for ann@firm.com.", "for [hidden]"),
        ("<ann.lee+x@sub.firm.com>", "<[hidden]>"),
        ("call +33 6 12 34 56 78 now", "call [hidden] now"),
        ("call +1 (415) 555-0100", "call [hidden]"),
        ("call +49 (0) 30 / 1234-567", "call [hidden]"),
        ("call +33\xa06\xa012\xa034\xa056\xa078", "call [hidden]"),
        ("12 of 40 rows, +2 more, at 10:30", "12 of 40 rows, +2 more, at 10:30"),
    ],
)
def test_addresses_and_numbers_are_hidden_and_figures_are_not(text, clean):
    """A person cannot be found by what is left, and an operator still reads the counts."""
    assert scrub(text) == clean


def test_a_foreign_error_is_its_kind_and_place():
    """Its message may quote the row, so it is not repeated."""
    said = describe(raised(ValueError("ann@firm.com is Ann Lee")))
    assert said.startswith("ValueError at client/test_scrub.py:")
    assert "Ann" not in said


def test_an_error_of_ours_is_its_own_sentence_without_the_person():
    """It explains itself."""
    assert describe(Refused("Enrow refused ann@firm.com.")).startswith("Enrow refused [hidden]")


def test_the_constraint_is_named():
    """SQLite's words for a constraint name columns and never values."""
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE people (name TEXT UNIQUE)")
        with pytest.raises(sqlite3.IntegrityError) as caught:
            database.executemany("INSERT INTO people VALUES (?)", [("Ann",), ("Ann",)])
    said = describe(caught.value)
    assert said.startswith("IntegrityError (UNIQUE constraint failed: people.name) at ")
    assert "Ann" not in said


def test_the_way_to_a_failure_has_no_values():
    """Files, lines and source; the exception's own line is left out."""
    error = raised(ValueError("secret-value"))
    assert "raise error" in stack(error)
    assert "secret-value" not in stack(error)


@pytest.mark.parametrize(("error", "has_way"), [(ValueError("ann@firm.com"), True), (Refused("No."), False)])
def test_a_log_line_says_what_and_where(caplog, error, has_way):
    """The arguments stand in the message; the way is left out where the error explains itself."""
    log_failure(logging.getLogger("scrub"), raised(error), "Job %s failed:", 7)
    assert caplog.text.count("Job 7 failed: ") == 1
    assert ("raise error" in caplog.text) is has_way
    assert "ann@firm.com" not in caplog.text
