"""Leads that the host's table refuses: halves are written inside savepoints, until only they are left.

A unique address, a check, a trigger, a column that is too short, a deferred constraint: whatever it is, all other leads
are written. Connections, locks and deadlocks are nobody's fault: such an error goes on to the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from enrow_webhooks.client.scrub import constraint
from leads import sql
from leads.results.locking import WriteError

# So many leads may be refused alone before anybody is written; then the table may refuse everybody.
_MOST_ALONE = 20
_REFUSED = "Refused by the leads' table: "
# What PostgreSQL and SQLite call it when two rows want to be one, and when a value does not fit its own row.
_UNIQUE = re.compile(r"23505|23P01|SQLITE_CONSTRAINT_UNIQUE")
_VALUE = re.compile(r"2[23]|SQLITE_CONSTRAINT_(?!TRIGGER)")


class Row(Protocol):
    """What is written to one lead."""

    @property
    def crm_id(self) -> str:
        """The lead."""


R = TypeVar("R", bound=Row)


@dataclass(slots=True, repr=False)
class Spared:
    """What became of the leads."""

    # Leads that were written, by crm_id; who was not, and not refused either, is as it has to be.
    written: list[str] = field(default_factory=list)
    # Leads that their table refused, each with what the database said.
    refused: dict[str, DatabaseError] = field(default_factory=dict)


def spare(rows: Sequence[R], write: Callable[[Sequence[R]], list[str]], *, mark_all: bool) -> Spared:
    """Write rows but for those that are refused; ``write`` gets some and returns which crm_ids it wrote.

    One statement and three savepoints where nobody is refused, a logarithm of them for each who is. Where everybody is
    refused, the table may be at fault: then the database's error is raised, unless it speaks of these very values, or
    ``mark_all`` says that it is not worth keeping. The caller holds a transaction.
    """
    halving = _Halving(write)
    halving.go(rows)
    postponed, halving.postponed = halving.postponed, []
    for part, error in postponed:
        if halving.spared.written:
            halving.go(part)
        else:
            halving.refuse(part, error)
    spared = halving.spared
    if spared.refused and not (spared.written or mark_all or _is_about_values(list(spared.refused.values()))):
        raise next(iter(spared.refused.values()))
    return spared


def notes(refused: Mapping[str, DatabaseError]) -> dict[str, str]:
    """Say of each refused lead which it is and what refused it, without the row that databases quote."""
    return {crm_id: f"{crm_id}: {_name(error)} {constraint(error)}".rstrip() for crm_id, error in refused.items()}


def _name(error: DatabaseError) -> str:
    """Return the kind of an error; of one in the project's own code that of what it raised."""
    return type(error.__cause__ if isinstance(error, WriteError) else error).__name__


def retold(text: str, note: str) -> str:
    """Return an error text with a note at its end on who is refused, in place of an earlier one; blank: with none."""
    rest = text.partition(_REFUSED)[0].rstrip()
    return f"{rest} {_REFUSED}{note}".lstrip() if note else rest


def _is_about_values(errors: Sequence[DatabaseError]) -> bool:
    """Tell whether the refused leads are at fault for sure, though nobody else was written.

    Two leads cannot both have an address: that is nothing that a table does to everybody. Of other constraints only a
    lead that was alone tells as much; a check that all leads break is as likely wrong itself.
    """
    codes = [_code(error) for error in errors]
    return all(map(_UNIQUE.match, codes)) or (len(codes) == 1 and bool(_VALUE.match(codes[0])))


def _code(error: DatabaseError) -> str:
    code = getattr(error.__cause__, "sqlstate", None) or getattr(error.__cause__, "sqlite_errorname", None)
    return str(code or "")


class _Halving(Generic[R]):
    """Writes as many rows at once as their table takes; from left to right, in which order others lock them, too."""

    def __init__(self, write: Callable[[Sequence[R]], list[str]]) -> None:
        self._write = write
        self.spared = Spared()
        self.postponed: list[tuple[Sequence[R], DatabaseError]] = []

    def go(self, rows: Sequence[R]) -> None:
        """Write rows, their halves where they are refused, and so on."""
        try:
            self.spared.written += self._try(rows)
        except (InterfaceError, OperationalError):
            raise
        except DatabaseError as error:
            if len(rows) == 1:
                self.refuse(rows, error)
            elif not self.spared.written and len(self.spared.refused) >= _MOST_ALONE:
                self.postponed.append((rows, error))
            else:
                middle = len(rows) // 2
                self.go(rows[:middle])
                self.go(rows[middle:])

    def refuse(self, rows: Sequence[R], error: DatabaseError) -> None:
        """Book rows as refused."""
        self.spared.refused |= dict.fromkeys((row.crm_id for row in rows), error)

    def _try(self, rows: Sequence[R]) -> list[str]:
        with transaction.atomic(using=sql.alias()):
            written = self._write(rows)
            sql.check_deferred()
        return written
