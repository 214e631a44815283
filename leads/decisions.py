"""What a person may decide about search jobs that do not continue by themselves."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils import timezone

from enrow_webhooks.client.values import Kind
from enrow_webhooks.wake import wake
from leads import home, reading
from leads.conf import lead_settings
from leads.credits import budget
from leads.credits.consent import Bill
from leads.eligibility import value_before
from leads.enrichment import Estimate, Run, enrich, enrich_later, estimate
from leads.kinds import KINDS, asked
from leads.mapping import LeadMapping, registry
from leads.models import EnrichmentRun, LeadSearch, SearchJob
from leads.results import applying, waiting
from leads.tasks import submit_jobs

State = SearchJob.State
Effect = LeadSearch.Effect


def cancel(pk: uuid.UUID, *, by: str) -> bool:
    """Cancel a job that was not sent, and nothing is bought; return whether it could be done."""
    return applying.cancel(pk, f"Cancelled by {by}.")


def give_up(pk: uuid.UUID, *, by: str) -> bool:
    """Stop waiting for a job whose answer was lost: its leads may be bought again, a late result is taken.

    Return whether it could be done.
    """
    return applying.give_up(pk, f"Given up by {by}.")


def resend(pk: uuid.UUID, *, by: str, via: str = "code") -> bool:
    """Give a job up whose answer was lost, and search its leads again; return whether it could be done.

    If Enrow did accept it the first time, it is billed twice. That is why the second POST is a job of its own: each
    keeps its cost and its result, and the second counts against every cap.
    """
    return _resend(pk, by=by, via=via, later=False) is not None


def resend_later(pk: uuid.UUID, *, by: str, via: str = "code") -> list[Run] | None:
    """Do the same with runs that workers plan, and return these; None where it could not be done.

    Part of a transaction of the caller: a rollback leaves the job as it was.
    """
    return _resend(pk, by=by, via=via, later=True)


def _resend(pk: uuid.UUID, *, by: str, via: str, later: bool) -> list[Run] | None:
    if not applying.give_up(pk, f"Sent again by {by}."):
        return None
    job = SearchJob.objects.filter(pk=pk)
    return retry(job, by=by, via=via, max_credits=_price_again(job.get()), later=later)


def bill_again(jobs: QuerySet[SearchJob]) -> Bill:
    """Return what ``resend`` may cost for those of the jobs that are unconfirmed, at today's prices."""
    worst_case = sum(map(_price_again, jobs.filter(state__in=RESEND.states)), Decimal(0))
    balance = budget.ask_balance() if worst_case else None
    return Bill(worst_case=worst_case, balance=balance.credits if balance else None)


def _price_again(job: SearchJob) -> Decimal:
    return job.requested * lead_settings.price(Kind(job.kind))


def beyond(jobs: QuerySet[SearchJob], max_credits: Decimal | None, *, user: str = "") -> list[uuid.UUID]:
    """Return which of the unconfirmed jobs do not fit into the credits when they are sent again, oldest first.

    Nor into what the day leaves to all and to the user who asks in the admin or the API: given up, they could not be
    sent.
    """
    limits = budget.allowance(None, user=user).limits
    if max_credits is not None:
        limits.append(max_credits)
    if not limits:
        return []
    left, over = min(limits), []
    for job in jobs.filter(state__in=RESEND.states).order_by("created_at"):
        if _price_again(job) > left:
            over.append(job.pk)
        else:
            left -= _price_again(job)
    return over


def resume(pk: uuid.UUID, *, by: str) -> bool:
    """Send a held job now, instead of when the sweep finds that it can; return whether it could be done.

    Not while its run is paused or cancelled: the run would hold it still.
    """
    now, note = timezone.now(), f"Resumed by {by}."
    is_stopped = Exists(EnrichmentRun.objects.stopped().filter(pk=OuterRef("run")))
    may_go_on = SearchJob.objects.filter(~is_stopped)
    moved = may_go_on.move(pk, [State.HELD], State.QUEUED, next_check_at=now, last_error=note)
    if moved:
        wake(submit_jobs)
    return moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One of the decisions above, in words, for the page or command that shows it."""

    decide: Callable[..., bool]
    # The states in which it can be taken.
    states: Sequence[str]
    # What has happened then, and what is said of other jobs.
    done: str
    rule: str


CANCEL = Decision(decide=cancel, states=SearchJob.UNSENT, done="cancelled", rule="only queued and held jobs can be")
GIVE_UP = Decision(decide=give_up, states=[State.UNCONFIRMED], done="given up", rule="only unconfirmed jobs can be")
RESEND = Decision(decide=resend, states=[State.UNCONFIRMED], done="sent again", rule="only unconfirmed jobs can be")
RESUME = Decision(
    decide=resume, states=[State.HELD], done="resumed", rule="only held jobs can be, and not while their run is paused"
)


def keep_copy() -> int:
    """Make this copy a deployment of its own: what waits here is the original's to send. Return how many jobs.

    They are cancelled first, while nothing can be sent from here. A search that runs is left alone: its result is
    free, and comes to both.
    """
    pks = list(SearchJob.objects.unsent().values_list("pk", flat=True))
    cancelled = sum(applying.cancel(pk, "Cancelled: it came with a copy, and the original sends it.") for pk in pks)
    home.move_in()
    return cancelled


def move_home() -> int:
    """Make this the home of the rows that were moved here, and send what was held for that. Return how many jobs."""
    home.move_in()
    held = SearchJob.objects.filter(state=State.HELD, last_error=home.HELD)
    resumed = held.update(state=State.QUEUED, next_check_at=timezone.now(), last_error="")
    wake(submit_jobs)
    return resumed


def failed(jobs: QuerySet[SearchJob]) -> QuerySet[LeadSearch]:
    """Return the searches in these jobs that ended in an error: what ``retry`` searches again."""
    ended = jobs.order_by().filter(state__in=SearchJob.ENDED)
    errors = LeadSearch.objects.filter(job__in=ended, outcome=LeadSearch.Outcome.ERROR)
    return errors.exclude(effect__in=[Effect.ORPHAN, Effect.ASIDE, Effect.DROPPED])


def refused(jobs: QuerySet[SearchJob]) -> QuerySet[SearchJob]:
    """Return those of the jobs with results that the table of leads refused: what ``write_again`` writes."""
    return jobs.order_by().filter(state__in=SearchJob.ENDED, refused__gt=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenAgain:
    """How many refused leads were tried once more, and how many of them are refused still."""

    tried: int
    refused: int


def write_again(jobs: QuerySet[SearchJob]) -> WrittenAgain:
    """Write once more what the table of leads refused in these jobs; it was paid for, and costs nothing."""
    tried = dict(refused(jobs).values_list("pk", "refused"))
    for pk in tried:
        waiting.write(pk, is_asked=True)
    left = SearchJob.objects.filter(pk__in=tried).aggregate(left=Sum("refused", default=0))["left"]
    return WrittenAgain(tried=sum(tried.values()), refused=left)


def foresee(jobs: QuerySet[SearchJob], *, by: str = "", via: str = "code") -> list[Estimate]:
    """Tell what ``retry`` would do, an estimate for each of its runs; writes and sends nothing."""
    who: dict[str, Any] = {"requested_by": by, "via": via}
    return [estimate(again.leads, **again.asked, overwrite=again.overwrite, **who) for again in _again(jobs)]


def bill_of(plans: Sequence[Estimate]) -> Bill:
    """Return what the runs of ``retry`` may cost together: each plan was made as if the others cost nothing."""
    limits = [limit for plan in plans for limit in plan.tally.allowance.limits]
    together = sum((plan.tally.worst_case for plan in plans), Decimal(0))
    most = min([together, *limits])
    return Bill(worst_case=max(Decimal(0), most), balance=plans[0].balance if plans else None)


def retry(
    jobs: QuerySet[SearchJob], *, by: str, max_credits: Decimal | None = None, via: str = "code", later: bool = False
) -> list[Run]:
    """Search the leads again whose search in these jobs ended in an error, and only those.

    A run per kind; ``max_credits`` bounds the worst case of all of them together. ``later``: workers plan them, and
    they are part of a transaction of the caller.
    """
    runs: list[Run] = []
    left = max_credits
    for again in _again(jobs):
        who: dict[str, Any] = {"overwrite": again.overwrite, "requested_by": by, "via": via}
        if later:
            most = again.worst_case if left is None else min(left, again.worst_case)
            run = enrich_later(again.leads, **again.asked, **who, max_credits=most)
        else:
            run = enrich(again.leads, **again.asked, **who, max_credits=left)
            most = run.tally.worst_case
        left = None if left is None else max(Decimal(0), left - most)
        runs.append(run)
    return runs


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Again:
    """The leads that one call of enrich() searches again, as they were searched the first time."""

    leads: QuerySet[Any]
    kind: Kind
    overwrite: bool

    @property
    def asked(self) -> dict[str, Any]:
        """The arguments that ask for this kind."""
        return asked(self.kind)

    @property
    def worst_case(self) -> Decimal:
        """The most that searching all of them can cost."""
        return self.leads.count() * lead_settings.price(self.kind)


def _again(jobs: QuerySet[SearchJob]) -> Iterator[_Again]:
    for kind, overwrite, mapping in product(Kind, (False, True), registry):
        searches = failed(jobs.filter(kind=kind, overwrite=overwrite)).filter(model=mapping.label)
        before = dict(searches.order_by("pk").values_list("crm_id", "value_before"))
        edited = _edited(kind, mapping, before) if overwrite else set()
        for crm_ids, overwrites in ((before.keys() - edited, overwrite), (edited, False)):
            leads = mapping.by_keys({mapping.key(crm_id) for crm_id in crm_ids} - {None})
            if crm_ids and leads.exists():
                yield _Again(leads=leads, kind=kind, overwrite=overwrites)


def _edited(kind: Kind, mapping: LeadMapping, before: Mapping[str, str]) -> set[str]:
    """Return the leads that got another value since it was to be overwritten: nobody asked to replace that one."""
    if KINDS[kind].judges:
        return set()
    leads = reading.candidates((mapping.label, crm_id) for crm_id in before)
    return {crm_id for crm_id, lead in leads.items() if value_before(kind, lead) not in {"", before[crm_id]}}
