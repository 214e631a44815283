"""Filters for the log lines of others: of the web server, of Django, of HTTP libraries.

The package's own lines are safe by themselves. Put ``RedactWebhookTokens`` on every handler:

    LOGGING = {
        "version": 1,
        "filters": {"enrow": {"()": "enrow_webhooks.logs.RedactWebhookTokens"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["enrow"]}},
        "loggers": {"django.server": {"handlers": ["console"], "propagate": False}},  # runserver
        "root": {"handlers": ["console"], "level": "INFO"},
    }
"""

from __future__ import annotations

import logging

from enrow_webhooks.inbox.addresses import redact

# What the view writes into the META of a request that it has answered.
ANSWERED = "enrow_webhooks.answered"

_formatter = logging.Formatter()


class RedactWebhookTokens(logging.Filter):
    """Hides the last part of webhook URLs, signed references, shared secrets and the API key."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; never drop it, and never raise: an error here would end the request that is logged."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - the arguments are anybody's objects
            record.msg, record.args = "A log line could not be formatted; its text is withheld.", None
            return True
        if (safe := redact(message)) != message:
            record.msg, record.args = safe, None
        if record.exc_info:
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
