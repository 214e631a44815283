"""What may be said of a failure. Its own message may not: databases and handlers quote the row that they failed on.

Plain Python. Logs, ``last_error`` and commands say ``describe(error)``; logs add ``stack(error)``.
"""

from __future__ import annotations

import logging
import re
import sqlite3
import traceback
from collections.abc import Collection
from pathlib import PurePath

from enrow_webhooks.client.errors import EnrowError, UnreadableEvent
from enrow_webhooks.client.words import whole

_PHONE = re.compile(r"\+\d(?:[ \xa0()./-]{0,3}\d){5,}")
# A word without an address matches as a whole too: to try again from each of its letters would take quadratic time.
_WORD = re.compile(r"(?P<address>(?>[^\s'\"<>(]+@(?=[^\s'\"<>)]))[^\s'\"<>)]++)|[^\s'\"<>(]++")
# What is shorter is no name: a country, a digit.
_SHORTEST = 3
# SQLite's words for these name the constraint or column and never a value; a trigger of the host says what it likes.
_NAMES_ONLY = ("CHECK", "UNIQUE", "NOTNULL", "FOREIGNKEY", "PRIMARYKEY")
# What PostgreSQL tells beside its message, which quotes the row.
_DIAGNOSIS = ("constraint_name", "table_name", "column_name", "sqlstate")


def scrub(text: str, words: Collection[str] = ()) -> str:
    """Return a text from outside with e-mail addresses and phone numbers hidden, and these words, in any case."""
    low = text.lower()
    # The longest first: one may stand in another.
    for word in sorted((word for word in words if len(word) >= _SHORTEST and word.lower() in low), key=len)[::-1]:
        text = whole(word).sub("[hidden]", text)
    # Phones first: the end of one can be the beginning of an address.
    return _WORD.sub(_without_address, _PHONE.sub("[hidden]", text))


def _without_address(word: re.Match[str]) -> str:
    return "[hidden]" if word["address"] else word[0]


def describe(error: BaseException) -> str:
    """Return one sentence on a failure: its kind, the constraint, the place in the code; never what it quotes."""
    if isinstance(error, EnrowError | UnreadableEvent):
        return scrub(str(error))
    parts = [type(error).__name__, constraint(error), _place(error)]
    return " ".join(part for part in parts if part)


def constraint(error: BaseException) -> str:
    """Return in brackets what a database's error names: constraint, table, column. Blank where it names nothing."""
    cause = error.__cause__ or error
    if isinstance(cause, sqlite3.IntegrityError):
        return f"({cause})" if cause.sqlite_errorname.endswith(_NAMES_ONLY) else ""
    diagnosis = getattr(cause, "diag", None)
    names = [f"{name.partition('_')[0]} {value}" for name in _DIAGNOSIS if (value := getattr(diagnosis, name, None))]
    return f"({', '.join(names)})" if names else ""


def refusal(error: BaseException) -> str:
    """Return why a database refuses a row: the kind of the database's error, and what it names."""
    return ", ".join(part for part in (type(error).__name__, constraint(error)[1:-1]) if part)


def stack(error: BaseException) -> str:
    """Return the way to the place of a failure: files, lines and source, without messages and values."""
    return "".join(traceback.format_tb(error.__traceback__)).rstrip()


def log_failure(logger: logging.Logger, error: BaseException, message: str, *args: object) -> None:
    """Log an error as ``logger.exception`` does, but without what the exception quotes."""
    # Enrow's own errors explain themselves.
    way = "" if isinstance(error, EnrowError) else f"\n{stack(error)}"
    logger.error(f"{message} %s%s", *args, describe(error), way)  # noqa: G004 - every message is a literal


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    return f"at {'/'.join(PurePath(frames[-1].filename).parts[-2:])}:{frames[-1].lineno}"
