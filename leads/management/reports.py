"""A plan, a run and its jobs in words and as JSON, for the commands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.text import capfirst

from leads.enrichment import Progress, Reason, Skip, Tally
from leads.kinds import label
from leads.models import EnrichmentRun, SearchJob

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


def tally_lines(tally: Tally, *, is_queued: bool) -> Iterator[str]:
    """Say per kind what is, or would be, searched and what is skipped, with a few examples."""
    for kind in tally.kinds():
        counts = tally.counts(kind)
        yield (
            f"{label(kind)}, {counts.asked:,} asked for: {counts.searched:,} {'queued' if is_queued else 'to search'}, "
            f"{counts.shared:,} shared, {counts.reused:,} reused, {counts.skipped:,} skipped"
        )
        if tally.missed[kind]:
            yield f"  {tally.missed[kind]:,} of the reused were searched lately and not found"
        if tally.again[kind]:
            yield f"  {tally.again[kind]:,} of the searches were bought lately and are bought again"
        for (skipped_kind, reason), number in sorted(tally.skipped.items()):
            if skipped_kind == kind:
                yield f"  skipped {number:,}: {reason.label}"
                examples = [skip for skip in tally.examples if (skip.kind, skip.reason) == (kind, reason)]
                yield from (f"    {skip.crm_id}: {skip.sentence}" for skip in examples[:_SHOWN])


def unpaid(tally: Tally) -> int:
    """Return how many searches the balance did not cover."""
    return sum(number for (_, reason), number in tally.skipped.items() if reason is Reason.OVER_BALANCE)


def job_name(job: SearchJob) -> str:
    """Name a job in a sentence."""
    return f"search job {job.pk} ({job.get_kind_display()}, {job.requested:,} searches)"


def job_line(job: SearchJob) -> str:
    """Say what holds a job up, and what a person can do."""
    return f"{capfirst(job_name(job))} is {job.state}: {job.last_error} {_advice(job)}"


def _advice(job: SearchJob) -> str:
    if job.refused:
        return _REFUSED_ADVICE
    return _ADVICE.get(State(job.state), _UNWRITTEN_ADVICE)


def _here(moment: dt.datetime) -> dt.datetime:
    """Return a time in the project's zone, in which the admin shows it; JSON has UTC."""
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment


def job_row(job: SearchJob) -> str:
    """Say what a job is, in one line of a list; its last error stands on a second."""
    amount = f"{job.reserved:.2f} reserved" if job.credits_cost is None else f"{job.spent:.2f} spent"
    row = (
        f"{job.pk}  {_here(job.created_at):%Y-%m-%d %H:%M}  {job.state:<11}  {job.get_kind_display():<12}  "
        f"{job.requested:>5,} searches  {job.found:>5,} found  {amount:>18}  "
        f"{job.requested_by}"
    ).rstrip()
    return f"{row}\n    {job.last_error}" if job.last_error else row


def tally_json(tally: Tally) -> dict[str, Any]:
    """Return the counts, and the skipped leads (at most 100 per kind and reason)."""
    return {
        "kinds": {
            kind: {
                "asked": tally.counts(kind).asked,
                "to_search": tally.to_search[kind],
                "shared": tally.shared[kind],
                "reused": tally.reused[kind],
                "searched_lately_not_found": tally.missed[kind],
                "again": tally.again[kind],
                "skipped": {reason: number for (skipped, reason), number in tally.skipped.items() if skipped == kind},
            }
            for kind in tally.kinds()
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
        "searched": job.requested,
        "found": job.found,
        "refused": job.refused,
        "credits_spent": job.spent,
        "credits_reserved": job.reserved,
        "credits_released": job.released,
        "requested_by": job.requested_by,
        "created_at": job.created_at,
        "last_error": job.last_error,
    }


def progress_json(progress: Progress) -> dict[str, Any]:
    """Return how far a run is."""
    return {
        "is_over": progress.is_over,
        "asked": progress.asked,
        "searched": progress.searched,
        "done": progress.done,
        "found": progress.found,
        "shared": progress.shared,
        "reused": progress.reused,
        "skipped": progress.skipped,
        "refused": progress.refused,
        "jobs_open": progress.jobs_open,
        "jobs_stuck": progress.jobs_stuck,
        "credits_spent": progress.spent,
        "credits_reserved": progress.reserved,
    }


def run_row(run: EnrichmentRun, progress: Progress) -> str:
    """Return a run in one line."""
    kinds = " and ".join(label(kind) for kind in run.asked_kinds)
    planned = "" if run.selected is None else f", {run.planned:,} of {run.selected:,} leads planned"
    by = f", {run.requested_by}" if run.requested_by else ""
    why = progress.waits_for or run.note
    created = f"{_here(run.created_at):%Y-%m-%d %H:%M}"
    return f"{created} {run.pk} {run.state}: {kinds}{planned}, {progress.words}{by} ({run.via})" + (
        f" – {why}" if why else ""
    )


def run_json(run: EnrichmentRun, progress: Progress) -> dict[str, Any]:
    """Return a run, without anything of its leads."""
    return {
        "id": run.pk,
        "model": run.model,
        "kinds": list(run.asked_kinds),
        "state": run.state,
        "requested_by": run.requested_by,
        "via": run.via,
        "max_credits": run.max_credits,
        "created_at": run.created_at,
        "ended_at": run.ended_at,
        "selected": run.selected,
        "planned": run.planned,
        "worst_case": run.worst_case,
        "tally": run.tally,
        "waits_for": progress.waits_for,
        "waits_on": progress.waits_on,
        "note": run.note,
        **progress_json(progress),
    }
