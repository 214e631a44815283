"""Faults in the rules of the way back."""

from __future__ import annotations

from tests.mutants.fault import Fault

_APPLYING = "leads/results/applying.py"
_MATCHING = "leads/results/matching.py"
_STATEMENT = "leads/results/statement.py"
_LOCKING = "leads/results/locking.py"
_WRITEBACK = "leads/results/writeback.py"
_REFUSALS = "leads/results/refusals.py"
_UNSOLICITED = "leads/results/unsolicited.py"
_RECEIVERS = "leads/receivers.py"

FAULTS = [
    Fault(
        file=_APPLYING,
        before="> job.credits_reserved * hits else",
        after=">= job.credits_reserved * hits else",
        means="who got nothing and cost nothing is not searched again",
        tests=("tests/leads/outbox/test_nothing_new.py",),
    ),
    Fault(
        file=_MATCHING,
        before="LeadSearch.Outcome.UNUSABLE if result.is_hit else",
        after="LeadSearch.Outcome.ERROR if result.is_hit else",
        means="a hit that cannot be read is bought every night",
        tests=("tests/leads/results/test_matching.py",),
    ),
    Fault(
        file=_APPLYING,
        before="frozenset({Outcome.PENDING, *LeadSearch.FAILURES})",
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
        before="= job.enrow_id or enrow_id[:128], job",
        after="= enrow_id[:128] or job.enrow_id, job",
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
        before="and 0 <= at < len(self._rows) else None",
        after="and 0 <= at <= len(self._rows) else None",
        means="a position one behind the last row",
    ),
    Fault(
        file=_MATCHING,
        before="for name, row in named if names[name] == 1}",
        after="for name, row in named}",
        means="two crm_ids that come back alike are not told apart by their place",
    ),
    Fault(
        file=_MATCHING,
        before="        if self._is_single:",
        after="        if True:",
        means="a result that names nobody goes to the first row",
    ),
    Fault(
        file=_MATCHING,
        before="            return None if self._names_another(result) else",
        after="            return",
        means="a single result that names another lead is written",
    ),
    Fault(
        file=_MATCHING,
        before="        return self._echoed(result) or named",
        after="        return named",
        means="the echo does not decide where custom and place contradict",
    ),
    Fault(
        file=_MATCHING,
        before="return folded(spelled(value))",
        after="return spelled(value)",
        means="addresses of verifications are compared with their case",
    ),
    Fault(
        file=_STATEMENT,
        before='_SAME_ADDRESS = "{value} = r.value_before"',
        after="_SAME_ADDRESS = \"{value} <> ''\"",
        means="a verdict is written onto another address",
        tests=(
            "tests/leads/results/test_belonging.py",
            "tests/leads/results/test_applying.py",
            "tests/leads/outbox/test_told.py",
        ),
    ),
    Fault(
        file=_STATEMENT,
        before="NOT (r.outcome NOT IN ('found', 'not_found') AND {status} <> '')",
        after="true",
        means="a failure replaces a known verdict",
        tests=("tests/leads/results/test_applying.py",),
    ),
    Fault(
        file=_STATEMENT,
        before="WHEN w.outcome IN ('found', 'not_found') THEN w.asked_at ELSE {cell} END",
        after="WHEN w.outcome <> '' THEN w.asked_at ELSE {cell} END",
        means="a failed search counts as a check",
        tests=(
            "tests/leads/results/test_belonging.py",
            "tests/leads/results/test_applying.py",
            "tests/leads/outbox/test_told.py",
        ),
    ),
    Fault(
        file=_STATEMENT,
        before='_SAME = "(r.inputs IS NULL OR r.inputs = {digest})"',
        after='_SAME = "({digest} IS NOT NULL)"',
        means="a result reaches another person under the same crm_id",
        tests=(
            "tests/leads/results/test_belonging.py",
            "tests/leads/results/test_applying.py",
            "tests/leads/outbox/test_told.py",
        ),
    ),
    Fault(
        file="leads/results/fresh.py",
        before="row.asked_at or job.sent_at or job.created_at",
        after="job.sent_at or job.created_at",
        means="a reused result has the date of its reuse",
        tests=(
            "tests/leads/results/test_belonging.py",
            "tests/leads/results/test_applying.py",
            "tests/leads/outbox/test_told.py",
        ),
    ),
    Fault(
        file=_STATEMENT,
        before='found.may, f"NOT {newer(kind)}")',
        after='found.may, "true")',
        means="an older result beats a newer one whose date was edited",
        tests=(
            "tests/leads/results/test_belonging.py",
            "tests/leads/results/test_applying.py",
            "tests/leads/outbox/test_told.py",
        ),
    ),
    Fault(
        file="leads/results/belonging.py",
        before="verdict.fingerprint == row.fingerprint.hex",
        after="True",
        means="an edited lead takes any result that it could have been searched for",
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
        before="(row for row in rows if row.outcome != Outcome.CANCELLED)",
        after="(row for row in rows if row.outcome)",
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
        before="elif event.reference and event.result and job.state != SearchJob.State.EXPIRED:",
        after="elif event.reference and event.result:",
        means="an expired job takes what no GET confirms",
    ),
    Fault(
        file=_RECEIVERS,
        before="    if event.ids and _is_anothers(job, event):",
        after="    if False:",
        means="another job's id is believed on a job's own URL",
    ),
    Fault(
        file=_RECEIVERS,
        before='        return f"{came}names a place',
        after='        return "" and f"{came}names a place',
        means="a place that the job does not have is believed",
    ),
    Fault(
        file=_RECEIVERS,
        before="elif event.reference and event.result and job.state != SearchJob.State.EXPIRED:",
        after="elif event.result and job.state != SearchJob.State.EXPIRED:",
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
    Fault(
        file=_REFUSALS,
        before="            sql.check_deferred()\n",
        after="",
        means="a deferred constraint fails at the commit, and nobody is written",
        postgres=True,
    ),
    Fault(
        file=_REFUSALS,
        before="        except (InterfaceError, OperationalError):\n            raise\n",
        after="",
        means="a deadlock is taken for the fault of leads",
    ),
    Fault(
        file=_REFUSALS,
        before="elif not self.spared.written and len(self.spared.refused) >= _MOST_ALONE:",
        after="elif len(rows) == 0:",
        means="a table that refuses everybody is asked for each lead",
    ),
    Fault(
        file=_REFUSALS,
        before="if halving.spared.written:\n            halving.go(part)",
        after="if False:\n            halving.go(part)",
        means="twenty refused leads at the front cost the others their result",
    ),
    Fault(
        file=_REFUSALS,
        before="if spared.refused and not (spared.written or mark_all or",
        after="if False and not (spared.written or mark_all or",
        means="a trigger that fails marks every lead",
    ),
    Fault(
        file=_REFUSALS,
        before="    return all(map(_UNIQUE.match, codes)) or ",
        after="    return ",
        means="leads that collide are never marked where nobody else was written",
    ),
    Fault(
        file=_WRITEBACK,
        before="effects = [Effect.NONE, Effect.REFUSED] if is_asked else [Effect.NONE]",
        after="effects = [Effect.NONE]",
        means="what was refused is never written",
        tests=("tests/leads/results/test_refusals.py",),
    ),
    Fault(
        file="leads/runs/planning.py",
        before="waiting.write(one.job.pk, is_asked=True)",
        after="waiting.write(one.job.pk)",
        means="reused results that are refused wait for ever",
        tests=("tests/leads/results/test_refusals.py",),
    ),
    Fault(
        file="leads/runs/following.py",
        before=" | SearchJob.UNWRITABLE",
        after="",
        means="a run waits for what cannot be written",
        tests=("tests/leads/results/test_refusals.py",),
    ),
    Fault(
        file="leads/forgetting.py",
        before='refused=_refused_of_job(), last_error=""',
        after="refused=_refused_of_job()",
        means="the note on refused leads names somebody who was forgotten",
    ),
    Fault(
        file="leads/sql.py",
        before="            transaction.set_rollback(True, using=alias())\n",
        after="",
        means="a host's deferred constraints are deferred no more",
        tests=("tests/leads/results/test_refusals.py",),
        postgres=True,
    ),
    Fault(
        file=_LOCKING,
        before='row.outcome == "found" or not value_before(',
        after='row.outcome == "found" or value_before(',
        means="a mapped lead without a value is not told that nothing was found",
        tests=("tests/leads/test_mapped.py",),
    ),
    Fault(
        file=_LOCKING,
        before="row.crm_id not in changes or row.crm_id in done",
        after="True",
        means="what the project's own write() left out counts as written",
        tests=("tests/leads/test_mapped.py",),
    ),
    Fault(
        file="leads/reading.py",
        before="inputs is not None and inputs.hex == digest(lead)",
        after="True",
        means="a status kept beside the table outlives other inputs",
        tests=("tests/leads/test_mapped.py",),
    ),
    Fault(
        file="leads/reading.py",
        before="leads = mapping.get_queryset().using(mapping.alias)",
        after="leads = mapping.rows()",
        means="who the project leaves out by now is searched all the same",
        tests=("tests/leads/test_mapped.py",),
    ),
    Fault(
        file="leads/results/unsolicited.py",
        before="        if _awaits_proof(own):",
        after="        if False:",
        means="a search from elsewhere for the same leads is taken for ours",
    ),
]
