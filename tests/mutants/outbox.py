"""Faults in the rules of the way out."""

from __future__ import annotations

from tests.mutants.fault import Fault

_PLANNING = "leads/outbox/planning.py"
_PURCHASES = "leads/outbox/purchases.py"
_ENQUEUEING = "leads/outbox/enqueueing.py"
_SUBMISSION = "leads/outbox/submission.py"

FAULTS = [
    Fault(
        file=_PLANNING,
        before='filter(crm_id=OuterRef("crm_id"), kind=kind)',
        after='filter(crm_id=OuterRef("crm_id"))',
        means="a search of another kind counts as under way",
    ),
    Fault(
        file=_PLANNING,
        before="elif status and not order.force:",
        after="elif status:",
        means="force buys nothing again",
        tests=("tests/leads/outbox/test_enqueueing.py",),
    ),
    Fault(
        file=_PLANNING,
        before="if status is Known.PENDING or row.fingerprint in batch.purchases:",
        after="if status is Known.PENDING:",
        means="a person twice in one batch is planned as two purchases",
        tests=("tests/leads/outbox/test_purchases.py",),
    ),
    Fault(
        file=_PLANNING,
        before="if len(batch) >= size:",
        after="if len(batch) > size:",
        means="a batch holds one lead too many",
    ),
    Fault(
        file=_PLANNING,
        before="finds_anew = order.overwrite and finder in order.kinds",
        after="finds_anew = finder in order.kinds",
        means="without overwrite nobody is verified in a run that also finds",
    ),
    Fault(
        file=_PLANNING,
        before="tally.again[kind] += status is not None",
        after="tally.again[kind] += 1",
        means="each purchase counts as bought again",
        tests=("tests/leads/outbox/test_enqueueing.py",),
    ),
    Fault(
        file=_PLANNING,
        before="query.combinator or query.distinct or query.group_by",
        after="query.combinator or query.distinct",
        means="an aggregated queryset is paged as it is",
        reason="Grouped by the lead it pages alike; keys only spare each page the grouping of the whole table.",
    ),
    Fault(
        file="leads/outbox/eligibility.py",
        before="if getattr(lead, facts.value) and not overwrite:",
        after="if getattr(lead, facts.value):",
        means="overwrite overwrites nothing",
    ),
    Fault(
        file=_PURCHASES,
        before="limits = (sql.stamp(now - lead_settings.reuse_found), sql.stamp(now - lead_settings.reuse_not_found))",
        after="limits = (sql.stamp(now - lead_settings.reuse_not_found), sql.stamp(now - lead_settings.reuse_found))",
        means="the windows of found and not found are swapped",
    ),
    Fault(
        file=_PURCHASES,
        before="WHERE %s OR ({known}) IS NULL",
        after="WHERE %s OR ({known}) IS NULL OR true",
        means="a person bought since the planning is bought again",
    ),
    Fault(
        file=_PURCHASES,
        before="ORDER BY CASE WHEN q.outcome = 'pending' THEN 0 ELSE 1 END, q.id DESC",
        after="ORDER BY q.id",
        means="an old result is shared while a new one is being bought",
    ),
    Fault(
        file=_PURCHASES,
        before="CASE WHEN p.outcome = 'pending' THEN",
        after="CASE WHEN p.outcome = 'pending' OR true THEN",
        means="a reuse is booked in the old job",
    ),
    Fault(
        file=_ENQUEUEING,
        before="job = SearchJob.objects.queued().select_for_update()",
        after="job = SearchJob.objects.select_for_update()",
        means="a job that was cancelled while it was filled gets purchases",
    ),
    Fault(
        file=_ENQUEUEING,
        before="job.next_check_at = timezone.now() + lead_settings.sending_lease",
        after="job.next_check_at = timezone.now()",
        means="a job is due before its searches are there",
    ),
    Fault(
        file=_ENQUEUEING,
        before="    budget.lock()\n",
        after="",
        means="planners sum without the lock and pass the cap",
        tests=("tests/leads/credits/test_isolation_levels.py",),
        postgres=True,
    ),
    Fault(
        file="enrow_webhooks/transactions.py",
        before="SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
        after="SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        means="planners sum what was spent before they had the lock",
        tests=("tests/leads/credits/test_isolation_levels.py",),
        postgres=True,
    ),
    Fault(
        file=_ENQUEUEING,
        before="            SearchJob.objects.queued().filter(pk=job.pk).delete()",
        after="            pass",
        means="a planner that fails leaves credits reserved for nobody",
    ),
    Fault(
        file=_ENQUEUEING,
        before="price(Kind(job.kind)) * bought",
        after="price(Kind(job.kind)) * (bought + reused)",
        means="reused results reserve credits",
    ),
    Fault(
        file=_ENQUEUEING,
        before="allowed.refuses(price * (covered + 1)) or",
        after="allowed.refuses(price * covered) or",
        means="who is over the day hears of the balance",
    ),
    Fault(
        file="leads/outbox/tally.py",
        before="cost > self.max_credits:",
        after="cost >= self.max_credits:",
        means="the cap of a run is never reached",
    ),
    Fault(
        file="leads/outbox/tally.py",
        before="back = queued.late + len(queued.unpaid)",
        after="back = queued.late",
        means="what could not be paid counts as bought",
    ),
    Fault(
        file=_SUBMISSION,
        before="if not _mine(job).claim_for_sending(",
        after="if not SearchJob.objects.claim_for_sending(",
        means="a worker that lost its lease sends too",
    ),
    Fault(
        file=_SUBMISSION,
        before="refused = sent[error.row - 1].fingerprint",
        after="refused = sent[error.row - 2].fingerprint",
        means="the lead beside the bad row is blamed",
    ),
    Fault(
        file=_SUBMISSION,
        before="job.credits_reserved if launch.credits_used is None else launch.credits_used",
        after="job.credits_reserved",
        means="Enrow's own figure of what it took is not kept",
    ),
    Fault(
        file=_SUBMISSION,
        before="job.pk, SearchJob.AWAITING, State.RUNNING, last_error",
        after="job.pk, [State.SENDING], State.RUNNING, last_error",
        means="an answer that comes after the lease leaves the job unconfirmed",
    ),
    Fault(
        file=_SUBMISSION,
        before="if verdict.fingerprint != row.fingerprint:",
        after="if verdict.fingerprint is None:",
        means="edited inputs are sent under the old fingerprint",
    ),
    Fault(
        file=_SUBMISSION,
        before="error=sentence[:300], position=None",
        after="error=sentence[:300]",
        means="a dropped lead keeps its place in the POST",
    ),
    Fault(
        file=_SUBMISSION,
        before="[State.SENDING], State.UNCONFIRMED, last_error=str(error)[:500])",
        after="[State.SENDING], State.QUEUED, last_error=str(error)[:500])",
        means="a POST whose answer was lost is repeated",
    ),
    Fault(
        file="leads/models/jobs.py",
        before="waiting = self.due().filter(pk=pk",
        after="waiting = self.filter(pk=pk",
        means="two workers prepare one job",
        tests=("tests/leads/outbox/test_submission.py",),
    ),
    Fault(
        file="leads/enrichment.py",
        before="if is_open(sql.alias()):\n        run.is_planned = False",
        after="if False:\n        run.is_planned = False",
        means="the planners' lock is held until the caller commits",
        tests=("tests/leads/test_callers_transactions.py",),
    ),
    Fault(
        file="leads/enrichment.py",
        before="Tally(max_credits=run.tally.worst_case)",
        after="Tally(max_credits=run.tally.max_credits)",
        means="a run costs more than the estimate that its caller saw",
        tests=("tests/leads/test_callers_transactions.py",),
    ),
    Fault(
        file="enrow_webhooks/rows.py",
        before="return self._db or router.db_for_write",
        after="return self._db or router.db_for_read",
        means="a claimed row is read on a replica that is behind",
        tests=("tests/journeys/test_replica.py",),
    ),
    Fault(
        file="leads/outbox/planning.py",
        before="queryset.using(sql.alias())",
        after="queryset",
        means="leads are planned as a replica has them",
        tests=("tests/journeys/test_replica.py",),
    ),
    Fault(
        file="leads/models/jobs.py",
        before='Coalesce(F("credits_cost"), F("credits_reserved"))',
        after='Coalesce(F("credits_reserved"), F("credits_cost"))',
        means="what a settled job gave back stays spent",
        tests=("tests/leads/credits/test_budget.py",),
    ),
]
