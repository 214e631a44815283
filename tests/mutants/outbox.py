"""Faults in the rules of the way out."""

from __future__ import annotations

from tests.mutants.fault import Fault

_PLANNING = "leads/outbox/planning.py"
_PURCHASES = "leads/outbox/purchases.py"
_ENQUEUEING = "leads/outbox/enqueueing.py"
_SUBMISSION = "leads/outbox/submission.py"
_HALVING = "leads/outbox/halving.py"

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
        file="leads/eligibility.py",
        before="if value and not overwrite and facts.is_value(value):",
        after="if value and facts.is_value(value):",
        means="overwrite overwrites nothing",
    ),
    Fault(
        file="leads/eligibility.py",
        before="if value and not overwrite and facts.is_value(value):",
        after="if value and not overwrite:",
        means="a placeholder counts as a value",
        tests=("tests/leads/test_eligibility.py",),
    ),
    Fault(
        file=_PURCHASES,
        before="limits = [sql.stamp(timezone.now() - days) for days in lead_settings.reuse(kind)]",
        after="limits = [sql.stamp(timezone.now() - days) for days in reversed(lead_settings.reuse(kind))]",
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
        before="ORDER BY CASE q.outcome WHEN 'pending' THEN 0 WHEN 'error' THEN 2 ELSE 1 END, q.id DESC",
        after="ORDER BY q.id",
        means="an old result is shared while a new one is being bought",
    ),
    Fault(
        file=_PURCHASES,
        before="    OR (q.outcome = 'error' AND j.kept_aside > 0))",
        after="    )",
        means="what may be among the results that fit nobody is bought again",
    ),
    Fault(
        file=_PURCHASES,
        before="CASE WHEN p.outcome = 'pending' THEN",
        after="CASE WHEN p.outcome = 'pending' OR true THEN",
        means="a reuse is booked in the old job",
    ),
    Fault(
        file=_ENQUEUEING,
        before="if not SearchJob.objects.queued().select_for_update()",
        after="if not SearchJob.objects.select_for_update()",
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
        before="        budget.lock()\n",
        after="",
        means="planners sum without the lock and pass the cap",
        tests=("tests/leads/credits/test_budget.py",),
        postgres=True,
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
        before="if _mine(job).filter(Exists(at_home)).claim_for_sending(",
        after="if SearchJob.objects.filter(Exists(at_home)).claim_for_sending(",
        means="a worker that lost its lease sends too",
    ),
    Fault(
        file=_SUBMISSION,
        before="_mine(job).filter(Exists(at_home))",
        after="_mine(job)",
        means="a copy of the database buys again",
        tests=("tests/leads/test_home.py",),
    ),
    Fault(
        file=_ENQUEUEING,
        before="        home.settle()\n",
        after="",
        means="a queue that is copied before its first POST is bought by both",
        tests=("tests/leads/test_home.py",),
    ),
    Fault(
        file="leads/home.py",
        before="filter(database=here.database, environment=here.environment)",
        after="filter(database=here.database)",
        means="the claim does not look at the name of the deployment",
    ),
    Fault(
        file=_SUBMISSION,
        before="_drop(job, sent[error.row - 1].fingerprint, str(error))",
        after="_drop(job, sent[error.row - 2].fingerprint, str(error))",
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
        file="leads/models/jobs.py",
        before='Coalesce(F("credits_cost"), F("credits_reserved"))',
        after='Coalesce(F("credits_reserved"), F("credits_cost"))',
        means="what a settled job gave back stays spent",
        tests=("tests/leads/credits/test_budget.py",),
    ),
    Fault(
        file=_SUBMISSION,
        before="isinstance(error, RowRefused) and halve(",
        after="halve(",
        means="a batch is taken apart for what all rows share",
        tests=("tests/leads/outbox/test_halving.py",),
    ),
    Fault(
        file=_HALVING,
        before='position=F("position") - first',
        after='position=F("position")',
        means="a part keeps the places of its batch",
    ),
    Fault(
        file=_HALVING,
        before="position__isnull=True, fingerprint__in=bought).update(job=part)",
        after="position__isnull=True, fingerprint__in=bought).update(job=job)",
        means="who shares a purchase stays behind",
    ),
    Fault(
        file=_HALVING,
        before="_MOST_FAILED_BESIDE_GOOD if is_accepted else _MOST_FAILED)",
        after="_MOST_FAILED_BESIDE_GOOD)",
        means="a batch of bad rows is a flood of POSTs",
    ),
    Fault(
        file=_HALVING,
        before="_MOST_FAILED_BESIDE_GOOD if is_accepted else _MOST_FAILED)",
        after="_MOST_FAILED)",
        means="twenty bad rows cost good ones their search",
    ),
    Fault(
        file=_HALVING,
        before="next_check_at=first - 2 * _TICK)",
        after="next_check_at=timezone.now())",
        means="all parts of one size are sent before a row stands alone",
    ),
    Fault(
        file=_HALVING,
        before="created_at=job.created_at,",
        after="",
        means="a part is younger than its batch",
    ),
    Fault(
        file=_PURCHASES,
        before="return _without_strays(shared, {row.job_id for row in shared} - {job.pk})",
        after="return shared",
        means="who joins while a batch is taken apart is left behind",
        tests=("tests/leads/outbox/test_halving.py",),
        postgres=True,
    ),
    Fault(
        file="leads/enrichment.py",
        before=" | Q(part_of__in=self.joined)",
        after="",
        means="a run loses sight of the parts of a job that it joined",
        tests=("tests/leads/outbox/test_halving.py",),
    ),
]
