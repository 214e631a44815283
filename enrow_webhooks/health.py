"""Is the inbox well? For a health check of the host: a few indexed queries, no HTTP, no broker.

A project with the ``leads`` app asks ``leads.health``, which looks at the search jobs too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import DatabaseError

from enrow_webhooks.client.scrub import describe
from enrow_webhooks.doctor import Finding, Level, inbox_troubles

Look = Callable[[], Iterator[Finding]]


def problems(*more: Look) -> list[str]:
    """Return a sentence for each thing that needs a person; an empty list when all is well. Never raises."""
    try:
        findings = [finding for look in (inbox_troubles, *more) for finding in look()]
    except DatabaseError as error:
        return [f"The database does not answer: {describe(error)}."]
    return [finding.sentence for finding in findings if finding.level is Level.NEEDS_PERSON]
