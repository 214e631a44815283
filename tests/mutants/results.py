"""Faults in the rules of the way back."""

from __future__ import annotations

from tests.mutants.fault import Fault

_APPLYING = "leads/results/applying.py"
_MATCHING = "leads/results/matching.py"
_WRITEBACK = "leads/results/writeback.py"
_UNSOLICITED = "leads/results/unsolicited.py"
_RECEIVERS = "leads/receivers.py"

FAULTS = [
    Fault(
        file=_APPLYING,
        before="frozenset({Outcome.PENDING, Outcome.ERROR})",
        after="frozenset({Outcome.PENDING})",
        means="a late result of an expired job is lost",
    ),
    Fault(
        file=_APPLYING,
        before="cost=None if state == SearchJob.State.EXPIRED else Decimal(0)",
        after="cost=Decimal(0)",
        means="what expired counts as free",
    ),
    Fault(
        file=_APPLYING,
        before="if KINDS[Kind(job.kind)].misses_cost or not job.requested:",
        after="if not job.requested:",
        means="an invalid address counts as free",
    ),
    Fault(
        file=_APPLYING,
        before="enrow_id=job.enrow_id or enrow_id[:128]",
        after="enrow_id=enrow_id[:128] or job.enrow_id",
        means="an event renames the search that Enrow's answer named",
    ),
    Fault(
        file=_APPLYING,
        before="written_at=now if is_written else None",
        after="written_at=now",
        means="results that the leads refused are never tried again",
        tests=("tests/leads/results/test_writeback.py",),
    ),
    Fault(
        file=_APPLYING,
        before="    if job.has_forgotten:\n        return ",
        after="    if not job:\n        return ",
        means="a late result about a forgotten person is kept aside",
        tests=("tests/leads/test_forgetting.py",),
    ),
    Fault(
        file=_APPLYING,
        before="if answer.cost is not None:",
        after="if answer.cost:",
        means="a search that Enrow billed nothing for is booked at its price",
    ),
    Fault(
        file=_APPLYING,
        before="SearchJob.objects.select_for_update().filter(pk=pk, state__in=states)",
        after="SearchJob.objects.filter(pk=pk, state__in=states)",
        means="two results of one job are applied at once",
        postgres=True,
        tests=("tests/leads/outbox/test_purchases.py",),
    ),
    Fault(
        file=_MATCHING,
        before="if 0 <= result.index < len(self._rows) else None",
        after="if 0 <= result.index <= len(self._rows) else None",
        means="a position one behind the last row",
    ),
    Fault(
        file=_MATCHING,
        before="if result.crm_id and result.crm_id not in self._ambiguous:",
        after="if result.crm_id:",
        means="two crm_ids that come back alike are not told apart by their place",
    ),
    Fault(
        file=_MATCHING,
        before="return self._rows[0] if len(self._rows) == 1 else None",
        after="return self._rows[0] if self._rows else None",
        means="a result that names nobody goes to the first row",
    ),
    Fault(
        file=_MATCHING,
        before="return folded(spelled(value))",
        after="return spelled(value)",
        means="addresses of verifications are compared with their case",
    ),
    Fault(
        file=_WRITEBACK,
        before='"l.{value} = r.value_before AND NOT (',
        after='"NOT (',
        means="a verdict is written onto another address",
    ),
    Fault(
        file=_WRITEBACK,
        before="AND NOT (r.outcome = 'error' AND l.{status} <> '')",
        after="AND true",
        means="a failure replaces a known verdict",
        tests=("tests/leads/results/test_applying.py",),
    ),
    Fault(
        file=_WRITEBACK,
        before="WHEN w.outcome = 'error' THEN {L}.{checked} ELSE %s END",
        after="WHEN w.outcome = '' THEN {L}.{checked} ELSE %s END",
        means="a failed search counts as a check",
    ),
    Fault(
        file=_WRITEBACK,
        before="filter(pk=pk, state__in=SearchJob.ENDED).update(written_at",
        after="filter(pk=pk).update(written_at",
        means="a job that reuses results counts as written before its own came",
        tests=("tests/leads/outbox/test_enqueueing.py",),
    ),
    Fault(
        file=_WRITEBACK,
        before="row.outcome != Outcome.CANCELLED}",
        after="row.outcome}",
        means="a cancelled search is written to its lead",
    ),
    Fault(
        file=_UNSOLICITED,
        before='value_before=result.value if KINDS[Kind(job.kind)].judges else ""',
        after='value_before=""',
        means="a verification from elsewhere reaches no lead",
    ),
    Fault(
        file=_UNSOLICITED,
        before="_UNANSWERED = (*_UNSETTLED, SearchJob.State.EXPIRED)",
        after="_UNANSWERED = _UNSETTLED",
        means="the result of a job that was given up is booked a second time",
    ),
    Fault(
        file=_RECEIVERS,
        before="if job.state in SearchJob.ENDED and job.state != SearchJob.State.EXPIRED:\n        if",
        after="if job.state in SearchJob.ENDED:\n        if",
        means="the late event of an expired job is thrown away",
    ),
    Fault(
        file=_RECEIVERS,
        before="elif event.reference and event.result:",
        after="elif event.result:",
        means="an event by the shared secret is believed",
    ),
    Fault(
        file=_RECEIVERS,
        before="enrow_id__in=event.ids, kind=event.type.kind)",
        after="enrow_id__in=event.ids)",
        means="an event of another kind with the same id meets the job",
    ),
    Fault(
        file=_RECEIVERS,
        before="    if job.has_forgotten:\n",
        after="    if not job:\n",
        means="the body of a late event about a forgotten person stays",
        tests=("tests/leads/test_forgetting.py",),
    ),
]
