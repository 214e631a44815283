"""Decisions about search jobs in the admin; what can cost credits shows a page first that says how many."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial

from django.contrib.admin import ModelAdmin
from django.contrib.messages import ERROR, SUCCESS, WARNING
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from enrow_webhooks import admin_log
from enrow_webhooks.admin import confirmation_page
from leads import decisions
from leads.admin.links import link, list_url, page_url
from leads.admin.rights import others_jobs
from leads.admin.spending import SpendForm, queued_in_words
from leads.admin.viewing import Viewer
from leads.credits.consent import credits_in_words
from leads.decisions import Decision, WrittenAgain
from leads.enrichment import Run, Via
from leads.kinds import label
from leads.models import SearchJob

# Jobs that are sent again at once: the page names each, so that a person sees the risk.
_MOST_SENT_AGAIN = 200
# More leads than this would make the request time out.
_MOST_SEARCHED_AGAIN = 100_000
_RESEND = replace(decisions.RESEND, decide=partial(decisions.resend, via=Via.ADMIN))


def decide(
    page: ModelAdmin[SearchJob], request: HttpRequest, queryset: QuerySet[SearchJob], decision: Decision
) -> None:
    """Decide about each selected job, and say how many it was possible for."""
    jobs, by = list(queryset.only("pk", "kind")), request.user.get_username()
    done = [job for job in jobs if decision.decide(job.pk, by=by)]
    admin_log.note(request, SearchJob, done, f"{decision.done.capitalize()}.")
    if done:
        page.message_user(request, f"{decision.done.capitalize()}: {len(done)}.", SUCCESS)
    if len(done) < len(jobs):
        page.message_user(request, f"Not {decision.done}: {len(jobs) - len(done)}; {decision.rule}.", WARNING)


def without_others(
    page: ModelAdmin[SearchJob], request: HttpRequest, queryset: QuerySet[SearchJob]
) -> QuerySet[SearchJob]:
    """Leave out, with a sentence, the jobs with leads that the user may not search: nobody sends them in their name."""
    others = others_jobs(Viewer.of(page, request), queryset)
    if others:
        sentence = f"Left as they are: {len(others)}; they have leads that you may not search."
        page.message_user(request, sentence, WARNING)
    return queryset.exclude(pk__in=others)


def confirm_resend(
    page: ModelAdmin[SearchJob], request: HttpRequest, queryset: QuerySet[SearchJob]
) -> HttpResponse | None:
    """Name the jobs that may be billed a second time; once that is confirmed, send them and return None."""
    form = SpendForm(request.POST) if "confirm" in request.POST else None
    if form is not None and form.is_valid():
        _resend(page, request, queryset, form.cleaned_data["max_credits"])
        return None
    jobs = list(queryset.filter(state__in=decisions.RESEND.states)[: _MOST_SENT_AGAIN + 1])
    if not jobs:
        page.message_user(request, "Only unconfirmed jobs can be sent again.", WARNING)
        return None
    if len(jobs) > _MOST_SENT_AGAIN:
        sentence = f"Send at most {_MOST_SENT_AGAIN} jobs again here, or use manage.py enrow_jobs --resend."
        page.message_user(request, sentence, ERROR)
        return None
    bill, viewer = decisions.bill_again(queryset), Viewer.of(page, request)
    return confirmation_page(
        page,
        request,
        "admin/leads/resend_confirmation.html",
        {
            "title": _("Send again"),
            "action": "resend",
            "jobs": [(job, page_url(viewer, SearchJob, job.pk)) for job in jobs],
            "bill": bill,
            "form": (form or SpendForm()).beside(bill),
            # Exactly the jobs that are shown, whatever the list shows by then.
            "chosen": [job.pk for job in jobs],
            "select_across": "0",
        },
    )


def _resend(
    page: ModelAdmin[SearchJob], request: HttpRequest, queryset: QuerySet[SearchJob], max_credits: Decimal
) -> None:
    """Send again what fits into the credits, and say how many jobs do not."""
    over = decisions.beyond(queryset, max_credits, user=request.user.get_username())
    decide(page, request, queryset.exclude(pk__in=over), _RESEND)
    if over:
        most = credits_in_words(max_credits)
        sentence = f"Not sent again: {len(over)}; that would cost more than {most} credits, or than today allows."
        page.message_user(request, sentence, WARNING)


def confirm_retry(
    page: ModelAdmin[SearchJob], request: HttpRequest, queryset: QuerySet[SearchJob]
) -> HttpResponse | None:
    """Show what it would cost to search again what failed; once that is confirmed, queue it and return None.

    What the table of leads refused is written again, which costs nothing.
    """
    who = {"by": request.user.get_username(), "via": Via.ADMIN}
    failures = decisions.failed(queryset).count()
    refused = decisions.refused(queryset).aggregate(sum=Sum("refused", default=0))["sum"]
    if not (failures or refused):
        page.message_user(request, "Nothing failed in these jobs, or they have not ended yet.", WARNING)
        return None
    if failures > _MOST_SEARCHED_AGAIN:
        sentence = f"{failures} searches failed; use manage.py enrow_jobs --retry for so many."
        page.message_user(request, sentence, ERROR)
        return None
    form = SpendForm(request.POST) if "confirm" in request.POST else None
    if form is not None and form.is_valid():
        _retry(page, request, queryset, max_credits=form.cleaned_data["max_credits"])
        return None
    expected = decisions.foresee(queryset, **who)
    bill = decisions.bill_of(expected)
    return confirmation_page(
        page,
        request,
        "admin/leads/retry_confirmation.html",
        {
            "title": _("Search again what failed"),
            "action": "retry",
            "failures": failures,
            "refused": refused,
            "rows": [(label(kind), plan.tally.counts(kind)) for plan in expected for kind in plan.tally.kinds()],
            "skips": [skip for plan in expected for skip in plan.tally.examples[:10]],
            "bill": bill,
            "balance": expected[0].balance if expected else None,
            "form": (form or SpendForm()).beside(bill),
        },
    )


def _retry(
    page: ModelAdmin[SearchJob], request: HttpRequest, queryset: QuerySet[SearchJob], *, max_credits: Decimal
) -> None:
    # What failed in them is theirs no more once it was searched again, so they are named first.
    jobs = list(queryset.only("pk", "kind")[: admin_log.MOST + 1])
    _tell_written(page, request, decisions.write_again(queryset))
    runs = decisions.retry(queryset, by=request.user.get_username(), via=Via.ADMIN, max_credits=max_credits)
    admin_log.note(request, SearchJob, jobs, "Searched again what failed.")
    _tell(page, request, runs)


def _tell_written(page: ModelAdmin[SearchJob], request: HttpRequest, again: WrittenAgain) -> None:
    if again.tried:
        sentence = f"Written: {again.tried - again.refused}, refused again: {again.refused}."
        page.message_user(request, sentence, WARNING if again.refused else SUCCESS)


def _tell(page: ModelAdmin[SearchJob], request: HttpRequest, runs: list[Run]) -> None:
    for run in runs:
        counts = run.tally.counts()
        jobs = link(list_url(Viewer.of(page, request), SearchJob, run=run.id), _("See the search jobs."))
        message = format_html("Search again, {} {}", queued_in_words(run.tally), jobs if counts.searched else "")
        page.message_user(request, message, WARNING if counts.asked == counts.skipped else SUCCESS)
