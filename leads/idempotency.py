"""Do something once, however often it is asked for: the key, the work and its answer are one transaction.

A process that dies leaves neither. Of equal requests at the same time one inserts the key, and the others wait for its
commit at the unique constraint; they are told to come again where that takes long.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, OperationalError
from django.utils import timezone

from leads import sql
from leads.models import IdempotencyKey

# For how long a key is known.
LIFETIME = dt.timedelta(hours=24)
# How long an equal request waits for the first one, on PostgreSQL; SQLite has its own timeout.
_PATIENCE = "5s"
# SQLSTATE of a lock that was not had in time; SQLite's own code and those that extend it end in these eight bits.
_LOCKED, _BUSY = "55P03", 5
_AT_ONCE = 1000

# Status, headers and body, as they are stored.
Answer = dict[str, Any]


class AnotherRequest(Exception):  # noqa: N818 - the name says what happened
    """The key was used for another request."""


class UnderWay(Exception):  # noqa: N818 - the name says what happened
    """The first request with the key has not ended."""


def digest(method: str, path: str, body: bytes) -> str:
    """Return what tells one request from another."""
    return hashlib.sha256(b"\n".join([method.encode(), path.encode("utf-8", "surrogatepass"), body])).hexdigest()


def once(user: str, key: str, digest: str, work: Callable[[], Answer]) -> tuple[Answer, bool]:
    """Do ``work`` in a transaction and keep its answer, or return the first answer; tell whether it is that.

    Raises AnotherRequest and UnderWay. What ``work`` raises leaves nothing, and the key may be used again.
    """

    def first() -> Answer:
        rows = IdempotencyKey.objects.filter(user=user, key=key)
        previous = _wait_at_most(_PATIENCE)
        rows.filter(created_at__lt=timezone.now() - LIFETIME).delete()
        row = IdempotencyKey.objects.create(user=user, key=key, digest=digest)
        _wait_at_most(previous)
        answer = work()
        rows.filter(pk=row.pk).update(answer=answer)
        return answer

    try:
        return sql.transact(first), False
    except IntegrityError:
        earlier = IdempotencyKey.objects.filter(user=user, key=key).first()
        if earlier is None:
            raise
    except OperationalError as error:
        if _is_locked(error):
            raise UnderWay from error
        raise
    if earlier.digest != digest:
        raise AnotherRequest
    return earlier.answer, True


def _wait_at_most(patience: str) -> str:
    """Let a lock be waited for so long until the transaction ends; return what it was before."""
    if sql.connect().vendor != "postgresql":
        return ""
    statement = "SELECT current_setting('lock_timeout'), set_config('lock_timeout', %s, true)"
    return str(sql.fetch(statement, [patience])[0][0])


def _is_locked(error: OperationalError) -> bool:
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    return state == _LOCKED or (getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF == _BUSY


def prune(*, now: dt.datetime | None = None) -> int:
    """Delete keys whose time is over; return how many."""
    old = IdempotencyKey.objects.filter(created_at__lt=(now or timezone.now()) - LIFETIME)
    pks = list(old.order_by("created_at").values_list("pk", flat=True)[:_AT_ONCE])
    return old.filter(pk__in=pks).delete()[0] if pks else 0
