"""What the doctor says of rules: which are paused, fail, have not run, starve, or only miss. Reads our own rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.utils import timezone
from django.utils.timesince import timesince

from enrow_webhooks.client.scrub import describe
from enrow_webhooks.doctor import Finding, fine, trouble
from leads.credits.consent import credits_in_words
from leads.models import SearchJob
from leads.rules import CREATED
from leads.upkeep.rules import overview
from leads.upkeep.rules.overview import Line

# A rule rests for an hour, and a sweep in cron may come as seldom.
_LONG_AGO = dt.timedelta(hours=3)
# A pause that was forgotten.
_FORGOTTEN = dt.timedelta(days=7)
# So many searches of the last days without a hit are no chance.
_RECENT = dt.timedelta(days=7)
_MANY = 50
_RESUME = "Fix what it says, then 'manage.py enrich_rules {name!r} --resume'."


def rule_findings() -> Iterator[Finding]:
    """Look at each rule; a fixed number of indexed queries for each."""
    now = timezone.now()
    try:
        lines = overview.lines(now)
        found = [finding for line in lines for finding in (_of(line, now) or [_well(line)])]
    except overview.UNREADABLE as error:
        # What the settings say is no rule; a system check says how.
        yield trouble("rules", f"The rules cannot be read: {describe(error)}.", "See 'manage.py check'.")
        return
    yield from found


def _well(line: Line) -> Finding:
    return fine("rules", f"Rule {line.rule.name!r} is {line.how}: {line.what}; {line.of_the_cap}.")


def _of(line: Line, now: dt.datetime) -> list[Finding]:
    if line.state.paused_at:
        return list(_paused(line, now))
    return [*_not_run(line, now), *_starves(line), *_only_misses(line, now)]


def _paused(line: Line, now: dt.datetime) -> Iterator[Finding]:
    name, since = line.rule.name, line.state.paused_at or now
    if not line.state.paused_by:
        yield trouble("rules", f"Rule {name!r} is paused: {line.state.reason}", _RESUME.format(name=name))
    elif since < now - _FORGOTTEN:
        sentence = f"Rule {name!r} is paused for {timesince(since, now)}. {line.state.reason}"
        yield trouble("rules", sentence, 'Resume it, or take it out of ENROW["RULES"].')


def _not_run(line: Line, now: dt.datetime) -> Iterator[Finding]:
    state, name = line.state, line.rule.name
    if state.last_error:
        sentence = f"Rule {name!r} could not be looked at, and is tried again: {state.last_error}"
        yield trouble("rules", sentence, "Look at the log, and at the database.")
    since = state.looked_at or (None if state.switched_on_at is None else state.seen_at)
    if since and since < now - _LONG_AGO:
        sentence = f"Rule {name!r} was looked at {timesince(since, now)} ago: no sweep runs, or none that knows it."
        yield trouble("rules", sentence, "Start Celery beat and a worker, or 'manage.py enrow_sweep --every 15'.")


def _starves(line: Line) -> Iterator[Finding]:
    """Tell of a cap that is too small for what is due: it falls behind, day by day."""
    state, most = line.state, line.per_day
    needed = state.due if line.rule.when == CREATED else state.quota
    if needed <= most:
        return
    cap = credits_in_words(line.rule.cap)
    if line.rule.when == CREATED:
        said = f"{state.due:,} new leads wait, and daily_credits={cap} lets {most:,} through in a day"
    else:
        said = (
            f"{needed:,} leads a day have to be checked, {state.due:,} of them today, "
            f"and daily_credits={cap} lets {most:,} through"
        )
    more = "" if line.rule.when == CREATED else ", or raise days"
    hint = f"Raise daily_credits, or narrow the rule by where{more}."
    yield trouble("rules", f"Rule {line.rule.name!r} falls behind: {said}.", hint)


def _only_misses(line: Line, now: dt.datetime) -> Iterator[Finding]:
    jobs = SearchJob.objects.filter(
        requested_by=line.rule.requested_by, created_at__gt=now - _RECENT, state=SearchJob.State.FINISHED
    )
    sums = jobs.sums()
    if sums.searched >= _MANY and not sums.found:
        sentence = f"Rule {line.rule.name!r} found nothing in {sums.searched:,} searches of {_RECENT.days} days."
        yield trouble("rules", sentence, "Look at the leads that it takes: narrow it by where, or take it out.")
