"""Accidents: a process of the demo project dies, or loses its database, once, at a marked statement.

The settings of these tests prepare them, so they can meet a worker, the site or a command. FAULTS_POINT names the
statement, or says "before-57": whatever the 57th of the process is. FAULTS_DEED is what happens there, FAULTS_MARK a
file that says that it has happened, and where.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from django.db import connection
from django.db.backends.signals import connection_created


class Point(NamedTuple):
    """A statement, known by what stands in its text."""

    begins: str
    holds: tuple[str, ...]
    # Whether the statement is carried out first.
    after: bool
    # At which of its turns in one process it strikes.
    turn: int = 1


_NEW_JOB = 'INSERT INTO "leads_searchjob"'
_JOB, _NOTICE = 'UPDATE "leads_searchjob" SET', 'UPDATE "enrow_webhooks_webhookevent" SET'
IN_A_WORKER = {
    "after-claim": Point(_JOB, ('"attempts" = ', '"next_check_at" = '), after=True),
    "before-post": Point(_JOB, ('"sent_at" = ',), after=True),
    "before-record": Point(_JOB, ('"enrow_id" = ', '"credits_reserved" = '), after=False),
    "before-results-commit": Point(_JOB, ('"credits_cost" = ', '"finished_at" = '), after=True),
    "before-leads": Point('UPDATE "leads_lead" SET', ("FOR UPDATE OF l",), after=False),
    "between-leads-and-searches": Point('UPDATE "leads_leadsearch" SET outcome = r.outcome', (), after=False),
    "after-taking-a-event": Point(_NOTICE, ('"attempts" = ',), after=True),
    "before-ticking-off": Point(_NOTICE, ('"processed_at" = ',), after=False),
}
IN_A_PLANNER = {
    # The credits are reserved; the second batch, so that one job is whole.
    "after-reserving": Point(_NEW_JOB, (), after=True, turn=2),
    "before-searches-commit": Point(_JOB, ('"requested" = ', '"run" = '), after=True, turn=2),
}
IN_THE_SITE = {
    "before-storing": Point("", ("ON CONFLICT (event, enrow_id, reference)",), after=False),
    "after-storing": Point("", ("ON CONFLICT (event, enrow_id, reference)",), after=True),
}
POINTS = IN_A_WORKER | IN_A_PLANNER | IN_THE_SITE


def point_named(name: str) -> Point:
    """Return a marked statement, or that of a number: "after-57" is the 57th of a process, whatever it is."""
    if name in POINTS:
        return POINTS[name]
    when, turn = name.split("-")
    return Point("", (), after=when == "after", turn=int(turn))


def kill() -> None:
    """Kill -9 the whole program: this process, its parent and its siblings."""
    os.killpg(os.getpgid(0), signal.SIGKILL)


def kill_one() -> None:
    """Kill -9 this process; its parent may start another."""
    os.kill(os.getpid(), signal.SIGKILL)


def cut() -> None:
    """End this process's database connection as an administrator, or a restart of the server, does."""
    pid = connection.connection.info.backend_pid
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])
    other.close()


DEEDS = {"kill": kill, "kill-one": kill_one, "cut": cut}


class Accident:
    """Wraps every statement; when the marked one comes, it strikes, once over all processes."""

    def __init__(self, point: Point, deed: Callable[[], None], mark: Path) -> None:
        self._point = point
        self._deed = deed
        self._mark = mark
        self._turn = 0

    def __call__(self, execute, text, params, many, context):
        self._turn += self._is_here(text)
        if not self._is_here(text) or self._turn != self._point.turn:
            return execute(text, params, many, context)
        if not self._point.after:
            self._strike(text)
        answer = execute(text, params, many, context)
        if self._point.after:
            self._strike(text)
        return answer

    def _is_here(self, text: object) -> bool:
        text = str(text).lstrip()
        return text.startswith(self._point.begins) and all(words in text for words in self._point.holds)

    def _strike(self, text: object) -> None:
        try:
            with self._mark.open("x", encoding="utf-8") as mark:
                mark.write(str(text))
        except FileExistsError:
            return
        self._deed()

    def watch(self, connection, **kwargs) -> None:
        """Look at every statement of a new connection."""
        connection.execute_wrappers.append(self)


def prepare() -> None:
    """Prepare the accident that the environment asks for, if it does."""
    if name := os.environ.get("FAULTS_POINT"):
        accident = Accident(point_named(name), DEEDS[os.environ["FAULTS_DEED"]], Path(os.environ["FAULTS_MARK"]))
        # Without weak: nobody else holds it.
        connection_created.connect(accident.watch, weak=False)
