"""How far a run is, and why nothing moves: its row and one look at its jobs."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from leads.credits.consent import credits_in_words
from leads.models import EnrichmentRun, SearchJob
from leads.models.jobs import aggregates
from leads.outbox.tally import Tally
from leads.runs.controlling import jobs_of

State = EnrichmentRun.State
# A worker that was woken begins within this; only then is it said that nobody does.
_PATIENCE = dt.timedelta(seconds=2)


class Waits(enum.StrEnum):
    """What a run waits for, when nothing moves."""

    NOTHING = ""
    # A worker that should be at it; the time at which it is tried again; what holds it, like a key or credits; who
    # paused it; a person who decides about an answer that was lost.
    WORKER = "worker"
    TIME = "time"
    HELD = "held"
    PAUSED = "paused"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is. Leads count once per kind: asked = searched + shared + reused + skipped."""

    # Leads that this run pays for; of these, those whose search has ended; of these, those that were found.
    searched: int
    done: int
    found: int
    # The other leads: they get a result that is bought anyway, one that was bought lately, or none.
    shared: int
    reused: int
    skipped: int
    # Jobs that still work, for this run or for one that it shares a search of, and of them those that wait for a person
    # or for credits.
    jobs_open: int
    jobs_stuck: int
    # Credits that are settled, and the worst case of what is not.
    spent: Decimal
    reserved: Decimal
    # Leads that their table refused: each has its reason in its search, and the other leads are written.
    refused: int = 0
    # Whether the jobs are there; see Run.
    is_planned: bool = True
    state: str = State.RUNNING
    # Leads that workers plan, and how many of them are planned; None: planned at once.
    selected: int | None = None
    planned: int = 0
    # Why nothing moves, in words for a person; blank while something does. And which of the reasons it is.
    waits_for: str = ""
    waits_on: Waits = Waits.NOTHING

    @property
    def asked(self) -> int:
        """Leads that this run was asked for."""
        return self.searched + self.shared + self.reused + self.skipped

    @property
    def words(self) -> str:
        """How far it is, in one line."""
        working = self.jobs_open - self.jobs_stuck
        refused = f"{self.refused:,} refused by their table; " if self.refused else ""
        return (
            f"{self.asked:,} asked for: {self.done:,} of {self.searched:,} searched, {self.found:,} found; "
            f"{self.shared:,} shared, {self.reused:,} reused, {self.skipped:,} skipped; {refused}"
            f"{working:,} jobs at work, {self.jobs_stuck:,} stuck; "
            f"{credits_in_words(self.spent)} credits spent, {credits_in_words(self.reserved)} reserved"
        )

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens by itself in a short while."""
        is_stopped = self.state in {State.PAUSED, *EnrichmentRun.ENDED}
        return (self.is_planned or is_stopped) and self.jobs_open == self.jobs_stuck


def progress(run: EnrichmentRun) -> Progress:
    """Look at the jobs of a run whose row was just read; one query."""
    sums = _sums(run)
    counts = Tally.from_json(run.tally, worst_case=run.worst_case).counts()
    searched = sums["sum_searched"]
    waits_on, waits_for = _waits(run, sums)
    return Progress(
        searched=searched,
        done=sums["done"],
        found=sums["found_of_done"],
        shared=counts.shared,
        reused=counts.reused,
        # Who could not be sent any more, when it came to that, is not bought either.
        skipped=counts.skipped + max(0, counts.searched - searched),
        jobs_open=sums["still_open"],
        jobs_stuck=sums["stuck"],
        spent=sums["sum_spent"],
        reserved=sums["sum_reserved"],
        refused=sums["all_refused"],
        is_planned=run.planned_at is not None,
        state=run.state,
        selected=run.selected,
        planned=run.planned,
        waits_for=waits_for,
        waits_on=waits_on,
    )


def _sums(run: EnrichmentRun) -> dict[str, Any]:
    """Add up the jobs; one query."""
    own = Q(run=run.pk)
    ended = Q(state__in=SearchJob.ENDED, written_at__isnull=False)
    stuck = Q(state__in=[SearchJob.State.HELD, SearchJob.State.UNCONFIRMED]) | SearchJob.UNWRITABLE
    queued, held = Q(state=SearchJob.State.QUEUED), Q(state=SearchJob.State.HELD)
    sums: dict[str, Any] = jobs_of(run).aggregate(
        **aggregates(own),
        done=Sum("requested", filter=own & ended, default=0),
        found_of_done=Sum("found", filter=own & ended, default=0),
        all_refused=Sum("refused", default=0),
        still_open=Count("pk", filter=~ended),
        stuck=Count("pk", filter=stuck),
        at_work=Count("pk", filter=Q(state__in=[SearchJob.State.SENDING, SearchJob.State.RUNNING])),
        due_since=Min("next_check_at", filter=queued),
        late_because=Max("last_error", filter=queued),
        held_because=Max("last_error", filter=held),
        unconfirmed=Count("pk", filter=Q(state=SearchJob.State.UNCONFIRMED)),
    )
    return sums


def _waits(run: EnrichmentRun, sums: Mapping[str, Any]) -> tuple[Waits, str]:
    said = Waits.NOTHING, ""
    if run.state == State.PAUSED:
        said = Waits.PAUSED, run.note
    elif run.state == State.PLANNING and run.has_selection:
        said = said if run.attempts else _late(run.next_plan_at, because=run.note)
    elif run.state in EnrichmentRun.ENDED or sums["at_work"]:
        pass
    elif sums["held_because"] is not None:
        said = Waits.HELD, f"held: {sums['held_because']}"
    elif sums["due_since"] is not None:
        said = _late(sums["due_since"], because=sums["late_because"])
    elif sums["unconfirmed"]:
        said = Waits.PERSON, "unconfirmed: the answer to a POST was lost; give it up or send it again"
    return said


def _late(since: dt.datetime, *, because: str) -> tuple[Waits, str]:
    """Return since when a worker should be at it, or when it is tried again, and why."""
    late = timezone.now() - since
    if late < -_PATIENCE:
        said = f"tried again in {-late.total_seconds():.0f} s"
        return Waits.TIME, f"{said}: {because}" if because else said
    if late > _PATIENCE:
        return Waits.WORKER, f"waiting for a worker since {late.total_seconds():.0f} s"
    return Waits.NOTHING, ""
