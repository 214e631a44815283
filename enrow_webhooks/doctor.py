"""What the doctor looks at here: settings, key and balance, dashboard, inbox, broker. All of it is free."""

from __future__ import annotations

import datetime as dt
import enum
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from celery import current_app
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Max, Sum
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.timesince import timesince

from enrow_webhooks.bounded_counts import count
from enrow_webhooks.client.errors import EnrowError
from enrow_webhooks.client.values import Account
from enrow_webhooks.conf import enrow_settings
from enrow_webhooks.connect import open_client
from enrow_webhooks.inbox import retention
from enrow_webhooks.models import Rejection, WebhookEvent
from enrow_webhooks.wake import CELERY, backend

# An event that is due for longer than this was left behind: a worker takes seconds.
_LATE = dt.timedelta(minutes=2)
_BROKER_SECONDS = 2
# Rejections further back are not news.
_RECENT = dt.timedelta(hours=24)
# Strangers knock at every site; for the others there is something to fix.
_REJECTED = {
    Rejection.Reason.UNREADABLE: "They were no events, and nothing of them is kept. Results are fetched by polling.",
    Rejection.Reason.TOO_LARGE: 'Raise ENROW["MAX_BODY_BYTES"] if Enrow\'s events have grown.',
    Rejection.Reason.NOT_STORED: "Look at the database and the log; their results are fetched by polling.",
    Rejection.Reason.CONTRADICTS: "See the newest ignored events in the admin: they say how. Nothing was applied.",
}


class Level(enum.StrEnum):
    """Who has to do something."""

    OK = "ok"
    NEEDS_PERSON = "needs-person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    # What was looked at, in one word that stays the same.
    subject: str
    sentence: str
    level: Level = Level.OK
    # What to do; blank when all is well.
    hint: str = ""


def fine(subject: str, sentence: str) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding(subject=subject, sentence=sentence)


def trouble(subject: str, sentence: str, hint: str) -> Finding:
    """Return a finding that needs a person."""
    return Finding(subject=subject, sentence=sentence, level=Level.NEEDS_PERSON, hint=hint)


def settings_findings() -> Iterator[Finding]:
    """Tell what the system checks of both apps say; a warning that was silenced is taken as decided."""
    messages = [check for check in run_checks() if str(check.id).startswith("enrow.") and not check.is_silenced()]
    for message in messages:
        yield trouble("settings", f"{message.msg} ({message.id})", str(message.hint or ""))
    if not messages:
        yield fine("settings", "The settings are complete.")


def account_findings() -> Iterator[Finding]:
    """Ask Enrow for the balance and the URLs in its dashboard."""
    try:
        with open_client() as client:
            account = client.account()
    except (EnrowError, ImproperlyConfigured) as error:
        yield trouble(
            "account", f"Enrow's account could not be read: {error}", 'Look at ENROW["API_KEY"] and ENROW["BASE_URL"].'
        )
        return
    if account.credits > 0:
        yield fine("account", f"The key is good; the balance is {account.credits} credits.")
    else:
        yield trouble(
            "account",
            f"The balance is {account.credits} credits.",
            "Buy credits; held jobs then continue by themselves.",
        )
    yield from _dashboard(account)


def _dashboard(account: Account) -> Iterator[Finding]:
    if not enrow_settings.webhook_secrets:
        return
    try:
        paths = [reverse("enrow_webhooks:webhook", args=[secret]) for secret in enrow_settings.webhook_secrets]
    except NoReverseMatch:
        return  # the system check has said so
    if any(url.rstrip("/").endswith(path.rstrip("/")) for url in account.webhooks for path in paths):
        yield fine("dashboard", "Enrow's dashboard knows this site's webhook URL.")
    else:
        origin = enrow_settings.webhook_origin or "https://<this site>"
        url = origin + reverse("enrow_webhooks:webhook", args=["SECRET"])
        yield trouble(
            "dashboard",
            'ENROW["WEBHOOK_SECRETS"] is set, but no URL in Enrow\'s dashboard ends in one of them.',
            f"In Enrow's dashboard set {url}, with the first of the secrets in the place of SECRET.",
        )


def inbox_findings() -> Iterator[Finding]:
    """Look for events that are dead, or that no worker takes."""
    states = {state.value: count(WebhookEvent.objects.filter(state=state)) for state in WebhookEvent.State}
    counts = ", ".join(f"{number:,} {state}" for state, number in sorted(states.items()) if number) or "none yet"
    newest = WebhookEvent.objects.order_by("-pk").values_list("received_at", flat=True).first()
    last = f" The last came {timesince(newest)} ago." if newest else ""
    yield fine("events", f"webhook events: {counts}.{last}")
    yield from inbox_troubles()


def inbox_troubles() -> Iterator[Finding]:
    """Look for what goes wrong in the inbox; five questions, answered from indexes."""
    if dead := count(WebhookEvent.objects.dead()):
        yield trouble(
            "events",
            f"{dead:,} events are dead: they failed again and again, or could not be read.",
            "'manage.py replay_events --state dead --dry-run' says why; without --dry-run it tries again.",
        )
    due = WebhookEvent.objects.due(timezone.now() - _LATE).order_by("next_attempt_at")
    if late := due.proved().first() or due.unproved().first():
        yield trouble(
            "events",
            f"Event {late.pk} waits for a worker since {timesince(late.next_attempt_at)}.",
            "Start a Celery worker and beat, or 'manage.py enrow_sweep --every 15'.",
        )

    yield from _rejections()
    if oldest := retention.overdue():
        yield trouble(
            "retention",
            f"Bodies of events that were dealt with {timesince(oldest)} ago are still kept; "
            f'ENROW["PAYLOAD_DAYS"] is {enrow_settings.payload_days}.',
            "Start Celery beat, or 'manage.py enrow_sweep --every 15'; 'manage.py prune_events' does it now.",
        )


def _rejections() -> Iterator[Finding]:
    recent = Rejection.objects.filter(hour__gt=timezone.now() - _RECENT)
    sums = recent.order_by().values_list("reason").annotate(Sum("count"), Max("last_at")).order_by("reason")
    for reason, number, last in sums:
        sentence = (
            f"Turned away within a day at the webhook address: {number:,} ({Rejection.Reason(reason).label}), "
            f"the last {timesince(last)} ago."
        )
        hint = _REJECTED.get(reason)
        yield trouble("rejections", sentence, hint) if hint else fine("rejections", sentence)


def broker_findings() -> Iterator[Finding]:
    """Try the broker, and ask whether a worker listens; bounded in time, however dead they are."""
    if backend() != CELERY:
        return  # the system check has said so, or another backend has its own doctor
    if not _within(_BROKER_SECONDS, _reach_broker):
        yield trouble(
            "broker",
            f"The Celery broker does not answer within {_BROKER_SECONDS} seconds.",
            "Start the broker, or look at CELERY_BROKER_URL; until then only 'manage.py enrow_sweep' works.",
        )
    elif _within(2 * _BROKER_SECONDS, _worker_answers):
        yield fine("worker", "The broker is reachable and a worker answers.")
    else:
        yield fine("worker", "The broker is reachable; no worker answered just now (a busy one may not).")


def _reach_broker() -> bool:
    with current_app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=_BROKER_SECONDS)
    return True


def _worker_answers() -> bool:
    return bool(current_app.control.ping(timeout=_BROKER_SECONDS / 2))


def _within(limit: float, question: Callable[[], bool]) -> bool:
    """Return the answer, False when there is none in time or it fails. A thread that hangs ends with the process."""
    answers: list[bool] = []

    def ask() -> None:
        try:
            answers.append(question())
        except Exception:  # noqa: BLE001 - every broker raises its own; any of them means no
            answers.append(False)

    thread = threading.Thread(target=ask, name="enrow-doctor", daemon=True)
    thread.start()
    thread.join(limit)
    return any(answers)
