"""What the doctor says of credits: where they went, what is left, and what nothing explains."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.utils.timesince import timesince

from enrow_webhooks.doctor import Finding, fine, trouble
from leads.conf import lead_settings
from leads.credits import reconciliation, statement
from leads.models import AccountReading

# What lies further back is not news.
_DAYS = 7
# Days, users and runs that are named; the admin's page has them all.
_SHOWN = 7


def credit_findings() -> Iterator[Finding]:
    """Tell what today's searches cost, and what is left of the day's limit."""
    line, limit = statement.today(), lead_settings.daily_credit_limit
    sentence = f"Today {line.spent:.2f} credits were spent; at most {line.reserved:.2f} more are reserved."
    if limit is not None:
        sentence += f" Of the day's limit of {limit}, {max(Decimal(0), limit - line.committed):.2f} are left."
    yield fine("credits", sentence)


def sum_findings() -> Iterator[Finding]:
    """Tell where the credits of the last days went: per day, user and run."""
    sums = {
        "day": statement.per_day(days=_DAYS),
        "user": statement.per_user(days=_DAYS),
        "run": statement.per_run(days=_DAYS, most=_SHOWN),
    }
    for name, lines in sums.items():
        parts = [
            f"{line.name or 'nobody named'} {line.spent:.2f} spent, {line.reserved:.2f} reserved"
            for line in lines[:_SHOWN]
        ]
        if parts:
            yield fine(f"credits per {name}", f"Credits of the last {_DAYS} days, per {name}: {'; '.join(parts)}.")


def balance_findings() -> Iterator[Finding]:
    """Tell the balance as the sweep read it last."""
    latest = AccountReading.objects.filter(credits__isnull=False).order_by("-taken_at").first()
    if latest:
        yield fine("balance", f"The balance was {latest.credits} credits {timesince(latest.taken_at)} ago.")


def reconciliation_findings() -> Iterator[Finding]:
    """Compare the account with our jobs: more that left it than somebody's own few searches may be a stranger's."""
    found = reconciliation.reconcile()
    if found is None:
        return
    sentence = (
        f"In the last {timesince(found.since)} the balance changed by {-found.moved:+.2f} credits; our search "
        f"jobs explain {-found.explained:+.2f}, nothing explains {-found.unexplained:+.2f}."
    )
    if found.needs_person:
        yield trouble(
            "reconciliation",
            sentence,
            "Normal if somebody uses Enrow's dashboard or another tool: then raise "
            'ENROW["UNEXPLAINED_CREDITS"]. Else make a new API key.',
        )
    else:
        yield fine("reconciliation", sentence)
