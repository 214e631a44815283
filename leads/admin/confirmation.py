"""The page between "search these leads" and the first credit spent."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.contrib.messages import ERROR, SUCCESS, WARNING
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.admin import confirmation_page
from enrow_webhooks.client.values import Kind
from leads.admin.links import lead_urls, link, list_url
from leads.admin.spending import SpendForm, queued_in_words
from leads.admin.viewing import Viewer
from leads.enrichment import Estimate, Run, Skip, Tally, Via, enrich, estimate
from leads.kinds import asked, title
from leads.mapping import registry
from leads.models import SearchJob

# Skipped leads that are shown per reason.
_EXAMPLES = 10


class ConfirmForm(SpendForm):
    """How much may be spent, and whether on what was bought lately too."""

    force = forms.BooleanField(
        label=_("Buy again what was bought lately"),
        help_text=_("Shows this page again first, with what that costs."),
        required=False,
    )
    field_order = ("force", "max_credits")


def confirm(
    page: ModelAdmin[Any],
    request: HttpRequest,
    queryset: QuerySet[Any],
    kind: Kind,
    *,
    at_most: int,
    back: str = "",
) -> HttpResponse | None:
    """Show what the searches would cost; once that is confirmed, queue them and return None: back to the list.

    ``back``: the address of another page that the user comes from.
    """
    selected = queryset.count()
    if selected > at_most:
        sentence = f"{selected} leads are selected; search at most {at_most} here, or use manage.py enrich_leads."
        page.message_user(request, sentence, ERROR)
        return None
    form = ConfirmForm(request.POST) if "confirm" in request.POST else None
    force = "force" in request.POST
    wanted: dict[str, Any] = {
        **asked(kind),
        "force": force,
        "requested_by": request.user.get_username(),
        "via": Via.ADMIN,
    }
    # Only what the page was computed with is bought.
    was_shown = force is ("shown_force" in request.POST)
    if form is not None and was_shown and form.is_valid():
        run = enrich(queryset, **wanted, max_credits=form.cleaned_data["max_credits"])
        _tell(page, request, run, kind)
        return None
    expected = estimate(queryset, **wanted)
    if form is None or not was_shown:
        form = ConfirmForm(initial={"force": force})
    form.beside(expected.bill)
    if not (force or expected.tally.reused[kind] or expected.tally.is_known(kind)):
        del form.fields["force"]
    where = {"list_url": back} if back else {}
    return _show(page, request, expected, kind, form=form, force=force, selected=selected, **where)


def _show(
    page: ModelAdmin[Any], request: HttpRequest, expected: Estimate, kind: Kind, **context: object
) -> TemplateResponse:
    """Show the page; its form posts the same action for the same leads once more."""
    told = {
        **_costs(expected, kind),
        "title": title(kind),
        "action": kind,
        "skips": _skips(page, request, expected.tally),
        **context,
    }
    return confirmation_page(page, request, "admin/leads/enrich_confirmation.html", told)


def _costs(expected: Estimate, kind: Kind) -> dict[str, object]:
    tally, counts = expected.tally, expected.tally.counts(kind)
    return {
        "counts": counts,
        "missed": tally.missed[kind],
        "again": tally.again[kind],
        "has_work": counts.asked > counts.skipped or tally.is_known(kind),
        "posts": expected.posts,
        "bill": expected.bill,
        "balance": expected.balance,
    }


def _skips(page: ModelAdmin[Any], request: HttpRequest, tally: Tally) -> list[tuple[str, int, list[tuple[Skip, str]]]]:
    """Return each reason with its count and its first leads, each with its address."""
    by_reason: dict[str, list[Skip]] = defaultdict(list)
    for skip in tally.examples:
        by_reason[skip.reason].append(skip)
    examples = {reason: skips[:_EXAMPLES] for reason, skips in by_reason.items()}
    mapping = registry.of(page.model)
    names = [(mapping.label, skip.crm_id) for skips in examples.values() for skip in skips] if mapping else []
    urls = lead_urls(Viewer.of(page, request), names)
    return [
        (reason.label, count, [(skip, urls.get(skip.crm_id, "")) for skip in examples[reason]])
        for (_kind, reason), count in tally.skipped.items()
    ]


def _tell(page: ModelAdmin[Any], request: HttpRequest, run: Run, kind: Kind) -> None:
    # In a request's own transaction (ATOMIC_REQUESTS) they are there when the page is.
    own = SearchJob.objects.of_run(run.id).exists() or (run.tally.to_search[kind] and not run.is_planned)
    lookups = {"run": run.id} if own else {"id__in": ",".join(map(str, run.joined))}
    url = list_url(Viewer.of(page, request), SearchJob, **lookups)
    has_jobs = own or run.joined
    jobs = link(url, _("See the search jobs.")) if has_jobs and url else ""
    message = format_html("{}, {} {}", title(kind), queued_in_words(run.tally), jobs)
    page.message_user(request, message, SUCCESS if has_jobs else WARNING)
    if refused := run.progress().refused:
        sentence = f"Not written, because their table refuses it: {refused}. The search jobs say why."
        page.message_user(request, sentence, WARNING)
