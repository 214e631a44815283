"""A plan, a run and its jobs in words and as JSON, for the commands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet

from enrow_webhooks.client.values import Kind
from leads.enrichment import Progress, Reason, Skip, Tally
from leads.kinds import label
from leads.models import SearchJob

State = SearchJob.State
# States that wait for a person, and what to do.
_ADVICE = {
    State.HELD: "It continues by itself once that is fixed.",
    State.UNCONFIRMED: "Enrow may have billed it. It ends by itself when its event comes; else decide: "
    "'manage.py enrow_jobs' with --give-up or --resend, or the admin.",
    State.EXPIRED: "A late result is still taken; else 'manage.py enrow_jobs' with --retry searches again.",
    State.FAILED: "Nothing was billed; fix it, then 'manage.py enrow_jobs' with --retry searches again.",
}
_UNWRITTEN_ADVICE = "The sweep writes what is kept when that is fixed."
_REFUSED_ADVICE = "Fix it, then 'manage.py enrow_jobs' with --retry writes what was bought."
# Leads that are shown per kind and reason.
_SHOWN = 3


def stuck(jobs: QuerySet[SearchJob]) -> QuerySet[SearchJob]:
    """Return the jobs that wait for a person, or that a person should know of."""
    return jobs.filter(Q(state__in=_ADVICE) | Q(refused__gt=0) | SearchJob.UNWRITABLE)


def tally_lines(tally: Tally) -> Iterator[str]:
    """Say per kind what is searched and what is skipped, with a few examples."""
    for kind in _kinds(tally):
        yield (
            f"{label(kind)}: {tally.to_search[kind]:,} to search, "
            f"{tally.shared[kind]:,} share a search, {tally.reused[kind]:,} known already"
        )
        if tally.missed[kind]:
            yield f"  {tally.missed[kind]:,} of the known ones were searched lately and not found"
        if tally.again[kind]:
            yield f"  {tally.again[kind]:,} of them were bought lately and are bought again"
        for (skipped_kind, reason), number in sorted(tally.skipped.items()):
            if skipped_kind == kind:
                yield f"  skipped {number:,}: {reason.label}"
                examples = [skip for skip in tally.examples if (skip.kind, skip.reason) == (kind, reason)]
                yield from (f"    {skip.crm_id}: {skip.sentence}" for skip in examples[:_SHOWN])


def unpaid(tally: Tally) -> int:
    """Return how many searches the balance did not cover."""
    return sum(number for (_, reason), number in tally.skipped.items() if reason is Reason.OVER_BALANCE)


def _kinds(tally: Tally) -> list[Kind]:
    met = {*tally.to_search, *tally.shared, *tally.reused, *(kind for kind, _ in tally.skipped)}
    return [kind for kind in Kind if kind in met]


def job_line(job: SearchJob) -> str:
    """Say what holds a job up, and what a person can do."""
    name = f"Search job {job.pk} ({job.get_kind_display()}, {job.requested:,} leads)"
    return f"{name} is {job.state}: {job.last_error} {_advice(job)}"


def _advice(job: SearchJob) -> str:
    if job.refused:
        return _REFUSED_ADVICE
    return _ADVICE.get(State(job.state), _UNWRITTEN_ADVICE)


def job_row(job: SearchJob) -> str:
    """Say what a job is, in one line of a list; its last error stands on a second."""
    cost = "open" if job.credits_cost is None else f"{job.credits_cost:.2f}"
    row = (
        f"{job.pk}  {job.created_at:%Y-%m-%d %H:%M}  {job.state:<11}  {job.get_kind_display():<12}  "
        f"{job.requested:>5,} leads  {job.found:>5,} found  {job.credits_reserved:>9.2f} reserved  {cost:>9} cost  "
        f"{job.requested_by}"
    ).rstrip()
    return f"{row}\n    {job.last_error}" if job.last_error else row


def progress_line(progress: Progress) -> str:
    """Say how far a run is."""
    working = progress.jobs_open - progress.jobs_stuck
    refused = f"{progress.refused:,} refused by their table, " if progress.refused else ""
    return (
        f"{progress.done:,} of {progress.requested:,} searched, {progress.found:,} found, {refused}"
        f"{working:,} jobs at work, {progress.jobs_stuck:,} stuck, {progress.credits} credits"
    )


def tally_json(tally: Tally) -> dict[str, Any]:
    """Return the counts, and the skipped leads (at most 100 per kind and reason)."""
    return {
        "kinds": {
            kind: {
                "to_search": tally.to_search[kind],
                "shared": tally.shared[kind],
                "reused": tally.reused[kind],
                "searched_lately_not_found": tally.missed[kind],
                "again": tally.again[kind],
                "skipped": {reason: number for (skipped, reason), number in tally.skipped.items() if skipped == kind},
            }
            for kind in _kinds(tally)
        },
        "skips": [_skip_json(skip) for skip in tally.examples],
        "worst_case_credits": tally.worst_case,
        "max_credits": tally.max_credits,
    }


def _skip_json(skip: Skip) -> dict[str, str]:
    return {"crm_id": skip.crm_id, "kind": skip.kind, "reason": skip.reason, "sentence": skip.sentence}


def job_json(job: SearchJob) -> dict[str, Any]:
    """Return a job, without anything of its leads."""
    return {
        "id": job.pk,
        "run": job.run,
        "kind": job.kind,
        "state": job.state,
        "requested": job.requested,
        "found": job.found,
        "refused": job.refused,
        "credits_reserved": job.credits_reserved,
        "credits_cost": job.credits_cost,
        "requested_by": job.requested_by,
        "created_at": job.created_at,
        "last_error": job.last_error,
    }


def progress_json(progress: Progress) -> dict[str, Any]:
    """Return how far a run is."""
    return {
        "is_over": progress.is_over,
        "requested": progress.requested,
        "done": progress.done,
        "found": progress.found,
        "refused": progress.refused,
        "jobs_open": progress.jobs_open,
        "jobs_stuck": progress.jobs_stuck,
        "credits": progress.credits,
    }
