"""Filters for the log lines of others: of the web server, of Django, of HTTP libraries.

The package's own lines are safe by themselves. Put ``RedactWebhookTokens`` on every handler, as docs/security.md shows:
Django's own handlers, of runserver and of error mails, have no filter of ours.
"""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

from django.db import Error as DatabaseTrouble
from django.http import HttpRequest

from enrow_webhooks.client.scrub import describe, stack
from enrow_webhooks.inbox.addresses import redact

# What the view writes into the META of a request that it has answered.
ANSWERED = "enrow_webhooks.answered"

# Their frames hold leads.
_OURS = {"leads", "enrow_webhooks"}

_formatter = logging.Formatter()


def quotes_rows(error: BaseException) -> bool:
    """Tell whether an error, or what led to it, comes from a database, or passed through code of ours."""
    seen: list[BaseException] = []
    left: BaseException | None = error
    while left is not None and left not in seen:
        if isinstance(left, DatabaseTrouble) or _is_ours(left.__traceback__):
            return True
        seen.append(left)
        left = left.__cause__ or left.__context__
    return False


def _is_ours(trace: TracebackType | None) -> bool:
    modules = (str(frame.f_globals.get("__name__")) for frame, _ in traceback.walk_tb(trace))
    return any(module.partition(".")[0] in _OURS for module in modules)


def _tell(record: logging.LogRecord, error: BaseException) -> None:
    """Let a record say kind, constraint and place of a failure; error mails render variables and what was typed."""
    record.msg, record.args = redact(f"{record.getMessage()} {describe(error)}"), None
    record.exc_info, record.exc_text = None, redact(stack(error))
    if isinstance(getattr(record, "request", None), HttpRequest):
        del record.request  # type: ignore[attr-defined]  # put there by Django's own logging


class RedactWebhookTokens(logging.Filter):
    """Hides the last part of webhook URLs, signed references, shared secrets and the API key.

    Of a failure in a database, or in code of ours, it lets kind, constraint and place pass, and no message, variable
    or request: those quote rows.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; never drop it, and never raise: an error here would end the request that is logged."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - the arguments are anybody's objects
            record.msg, record.args = "A log line could not be formatted; its text is withheld.", None
            return True
        if (safe := redact(message)) != message:
            record.msg, record.args = safe, None
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and quotes_rows(error):
            _tell(record, error)
        elif record.exc_info:
            # Formatters take a traceback that is there already.
            record.exc_text = redact(record.exc_text or _formatter.formatException(record.exc_info))
        # Django's error mail would render its path and body; runserver's "request" is a socket.
        path = getattr(getattr(record, "request", None), "path", None)
        if isinstance(path, str) and redact(path) != path:
            del record.request  # type: ignore[attr-defined]  # put there by Django's own logging
        return True


class DropAnswered(logging.Filter):
    """Drops Django's line of a delivery that the view has answered: it quotes the path, which ends in the secret.

    Refusals are counted, and logged once an hour. A failure of the host's own code is logged all the same.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record is logged."""
        request = getattr(record, "request", None)
        return bool(record.exc_info) or ANSWERED not in getattr(request, "META", ())
