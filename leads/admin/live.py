"""How far a run is, on a page that asks again by itself; without JavaScript it has a link that does the same."""

from __future__ import annotations

from collections.abc import Sequence

from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from leads.credits.consent import credits_in_words
from leads.models import EnrichmentRun
from leads.runs.following import Progress, Waits

CSS = {"all": ["leads/live.css", "leads/lists.css"]}
JS = ["leads/live.js"]


def box(run: EnrichmentRun, seen: Progress, *, url: str, decide_url: str, buttons: Sequence[tuple[str, str]]) -> str:
    """Return what moves: state, bar, counts, credits, why nothing moves, and the buttons of who looks.

    ``url`` answers with the same again; ``decide_url`` takes what a button says.
    """
    context = {
        "url": url,
        "decide_url": decide_url,
        "buttons": buttons,
        "state": run.get_state_display().capitalize(),
        "sentence": _sentence(run, seen),
        "is_open": is_open(run, seen),
        "most": max(seen.asked, (run.selected or 0) * len(run.asked_kinds), 1),
        "done": seen.done + seen.reused + seen.skipped + (0 if seen.jobs_open else seen.shared),
        "counts": _counts(seen),
        "waits_for": seen.waits_for,
        "advice": _advice(seen),
    }
    return render_to_string("admin/leads/run_progress.html", context)


def is_open(run: EnrichmentRun, seen: Progress) -> bool:
    """Tell whether it may change without somebody's doing: also one that is held, until what holds it is fixed."""
    return run.state not in EnrichmentRun.ENDED or seen.jobs_open > seen.jobs_stuck


def state(label: str, *, moves: bool) -> SafeString:
    """Return the state of a row of a list; a row that moves is looked at again."""
    return format_html("<span data-open>{}</span>", label) if moves else format_html("{}", label)


def _sentence(run: EnrichmentRun, seen: Progress) -> str:
    if run.selected is not None and run.planned < run.selected:
        numbers = {"done": number_format(run.planned), "all": number_format(run.selected)}
        return _("%(done)s of %(all)s leads were looked at.") % numbers
    if not seen.searched:
        return _("There is nothing to search.")
    return _("%(done)s of %(all)s searches are done.") % {
        "done": number_format(seen.done),
        "all": number_format(seen.searched),
    }


def _counts(seen: Progress) -> list[tuple[str, str]]:
    leads = [
        (_("Leads asked for"), seen.asked),
        (_("Searches that are paid for"), seen.searched),
        (_("Of these done"), seen.done),
        (_("Of these found"), seen.found),
        (_("Get the result of another search"), seen.shared),
        (_("Known already: nothing to pay"), seen.reused),
        (_("Skipped"), seen.skipped),
        (_("Found, but refused by their table"), seen.refused),
    ]
    counts = [(name, number_format(number)) for name, number in leads[:4]]
    counts += [(name, number_format(number)) for name, number in leads[4:] if number]
    counts.append((_("Credits spent"), credits_in_words(seen.spent)))
    counts.append((_("Credits reserved: the most that it may still cost"), credits_in_words(seen.reserved)))
    return counts


def _advice(seen: Progress) -> str:
    """Return what a person who is no administrator can do about it."""
    advice = {
        Waits.WORKER: _("Nothing is lost. If this stays so for some minutes, tell your administrator: no worker runs."),
        Waits.TIME: _("Nothing is lost, and nothing was spent on what is not sent. It goes on by itself."),
        Waits.HELD: _("Nothing is lost, and nothing was spent on what is held. Tell your administrator."),
        Waits.PERSON: _("Open the search jobs: give up, or send again at the risk of paying twice."),
    }
    return advice.get(seen.waits_on, "")
