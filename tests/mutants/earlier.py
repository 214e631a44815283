"""Faults that no test noticed when they were first tried; each has its test since."""

from __future__ import annotations

from tests.mutants.fault import Fault

FAULTS = [
    Fault(
        file="leads/outbox/purchases.py",
        before='lock = sql.lock("FOR SHARE OF k")',
        after='lock = ""',
        means="share() without its row lock: a lead stays pending in a finished job",
        postgres=True,
    ),
    Fault(
        file="leads/credits/budget.py",
        before="dt.datetime.combine(day, dt.time.min)",
        after="dt.datetime.combine(day, dt.time.min), dt.UTC",
        means="the day begins at midnight in UTC",
    ),
    Fault(
        file="leads/credits/budget.py",
        before="today = timezone.localdate()",
        after="today = timezone.now().date()",
        means="the limit is that of the day in UTC",
    ),
    Fault(
        file="leads/credits/statement.py",
        before='_lines(days, TruncDate("created_at")',
        after='_lines(days, TruncDate("created_at", tzinfo=dt.UTC)',
        means="sums per day in UTC",
    ),
    Fault(
        file="leads/credits/statement.py",
        before="Line(name=str(timezone.localdate()))",
        after="Line(name=str(timezone.now().date()))",
        means="today is named by its day in UTC",
    ),
    Fault(
        file="leads/credits/statement.py",
        before="first = timezone.localdate() - ",
        after="first = timezone.now().date() - ",
        means="the days shown are counted back from the day in UTC",
    ),
    Fault(
        file="leads/results/unsolicited.py",
        before="if searched.keys() == named and ",
        after="if searched.keys() >= named and ",
        means="a search from elsewhere adopts a job of which it holds only some leads",
    ),
    Fault(
        file="leads/results/unsolicited.py",
        before="if searched.keys() == named and ",
        after="if searched.keys() <= named and ",
        means="a search from elsewhere adopts a job that is only a part of it",
    ),
    Fault(
        file="leads/credits/budget.py",
        before="*(int(limit // price) for limit in self.limits)",
        after="*(round(limit / price + 1) for limit in self.limits)",
        means="caps round up",
    ),
    Fault(
        file="leads/eligibility.py",
        before="if status in {facts.found, facts.not_found} and not overwrite:",
        after="if status == facts.found and not overwrite:",
        means="known-invalid addresses are bought again",
    ),
    Fault(
        file="leads/outbox/purchases.py",
        before="ELSE 1 END, q.id DESC\n",
        after="ELSE 1 END, q.id\n",
        means="after a forced purchase the oldest value is shared",
    ),
    Fault(
        file="leads/credits/budget.py",
        before="State.SENDING, State.HELD, State.UNCONFIRMED)",
        after="State.SENDING, State.UNCONFIRMED)",
        means="held jobs do not count against the balance",
    ),
    Fault(
        file="leads/outbox/purchases.py",
        before="""j.state IN ('queued', 'sending', 'running', 'unconfirmed', 'held')""",
        after="""j.state IN ('queued', 'sending', 'running', 'unconfirmed')""",
        means="a person of a held job is not known as being bought",
    ),
    Fault(
        file="leads/outbox/purchases.py",
        before="""k.state IN ('queued', 'sending', 'running', 'unconfirmed', 'held')""",
        after="""k.state IN ('queued', 'sending', 'running', 'unconfirmed')""",
        means="a person of a held job is not shared",
    ),
    Fault(
        file="leads/forgetting.py",
        before="        .exclude(crm_id__in=crm_ids)\n",
        after="",
        means="buyer and first sharer are forgotten together: the purchase goes to nobody",
    ),
    Fault(
        file="leads/results/matching.py",
        before="        elif row.pk not in paired or paired[row.pk].verdict is Verdict.ONGOING:",
        after="        else:",
        means="the last of two results wins",
    ),
    Fault(
        file="leads/results/writeback.py",
        before="""        transaction.on_commit(
            partial(values_written.send_robust, model, changes=list(some), job_id=job.pk), using=sql.alias()
        )""",
        after="        values_written.send_robust(model, changes=list(some), job_id=job.pk)",
        means="the signal comes before the commit",
        tests=("tests/leads/test_signals.py",),
    ),
    Fault(
        file="leads/upkeep/polling.py",
        before="if balance >= job.credits_reserved:",
        after="if balance > job.credits_reserved:",
        means="a top-up to exactly the price leaves the job held",
    ),
    Fault(
        file="leads/credits/reconciliation.py",
        before="sent_at__lt=since, finished_at__gte=since, credits_cost",
        after="sent_at__lt=since, credits_cost",
        means="refunds older than the reading explain what left after it",
    ),
    Fault(
        file="leads/outbox/submission.py",
        before="    if has_webhook:",
        after="    if not has_webhook:",
        means="every job is polled at once though webhooks come",
    ),
    Fault(
        file="enrow_webhooks/client/events.py",
        before='        ids.append(inner.get("id"))',
        after='        ids.insert(0, inner.get("id"))',
        means="the other id of a nested event comes first",
    ),
    Fault(
        file="leads/receivers.py",
        before="applying.apply(job.pk, answer, via=Via.WEBHOOK, enrow_id=event.ids[0])",
        after="applying.apply(job.pk, answer, via=Via.WEBHOOK, enrow_id=event.ids[-1])",
        means="the other id of a nested event replaces Enrow's",
    ),
    Fault(
        file="leads/outbox/purchases.py",
        before="q.kind = %s AND q.position IS NOT NULL\n",
        after="q.kind = %s\n",
        means="a reuse prolongs its own window",
    ),
    Fault(
        file="leads/management/commands/enrow_jobs.py",
        before="decisions.retry(jobs, by=_by(), via=Via.COMMAND, max_credits=most)",
        after="decisions.retry(jobs, by=_by(), via=Via.COMMAND)",
        means="--retry without the cap that it printed",
    ),
]
