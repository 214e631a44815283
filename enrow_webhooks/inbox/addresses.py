"""The last part of a webhook URL: who may speak.

A search job's own URL carries a signed reference; the URL set in Enrow's dashboard carries one of the shared secrets.
Enrow signs nothing itself, so an unguessable path is the proof (a query string is documented nowhere).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from enrow_webhooks.conf import enrow_settings

_TOKEN_IN_URL = re.compile(r"(webhooks/enrow/)[^/\s\"'?]+")
# A job's id and its signature (Django's is 43 characters), wherever the URLs are mounted. Tried once per word, not from
# each of its letters: a stranger chooses how long the words in a log line are.
_SIGNED = re.compile(r"(?<![\w-])[\w-]++\.[\w-]{43}(?![\w-])")

# What is shorter would hide ordinary words.
_SHORTEST_SECRET = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A proven sender."""

    # The job id that the URL was signed for; blank for a shared secret.
    reference: str = ""


def _signer() -> Signer:
    # Signer also tries SECRET_KEY_FALLBACKS, so that a rotated key does not orphan running jobs.
    return Signer(sep=".", salt="enrow_webhooks.reference")


def sign(reference: str) -> str:
    """Return the reference with its signature, fit for a URL path."""
    return _signer().sign(reference)


def callback_url(reference: str) -> str:
    """Return the URL that Enrow shall call for one job; blank when ``ENROW["WEBHOOK_ORIGIN"]`` is not set."""
    origin = enrow_settings.webhook_origin
    return origin + reverse("enrow_webhooks:webhook", args=[sign(reference)]) if origin else ""


def recognise(token: str) -> Sender | None:
    """Return who speaks, None for nobody that we know. Takes the same time for every wrong secret."""
    try:
        return Sender(reference=_signer().unsign(token))
    except BadSignature:
        pass  # not a reference; perhaps a shared secret
    matches = [constant_time_compare(token, secret) for secret in enrow_settings.webhook_secrets]
    return Sender() if any(matches) else None


def redact(text: str) -> str:
    """Return the text without what proves anything: the last part of webhook URLs, references, secrets, the key."""
    text = _SIGNED.sub("[hidden]", _TOKEN_IN_URL.sub(r"\1[hidden]", text))
    for secret in (*enrow_settings.webhook_secrets, str(enrow_settings.get("API_KEY"))):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "[hidden]").replace(quote(secret), "[hidden]")
    return text
