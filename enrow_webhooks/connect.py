"""The client as Django's settings describe it, and the one budget of POSTs per second."""

from __future__ import annotations

import functools
import logging
import threading
import time

from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from enrow_webhooks.client.errors import RateLimited
from enrow_webhooks.client.http import EnrowClient
from enrow_webhooks.client.transport import new_session
from enrow_webhooks.conf import enrow_settings

logger = logging.getLogger(__name__)

# Longer than this a worker does not stand and wait: the job goes back to the queue.
_PATIENCE_SECONDS = 5.0
# A Redis that does not answer within this many seconds counts as gone.
_REDIS_OPTIONS = {"socket_timeout": 2, "socket_connect_timeout": 2}

_one_at_a_time = threading.Lock()


def open_client(*, seconds: float | None = None) -> EnrowClient:
    """Return a client for the account in settings. Raises ImproperlyConfigured when there is no key.

    ``seconds``: for who cannot wait; one try, and an answer by then or none.
    """
    return EnrowClient(
        enrow_settings.api_key,
        base_url=enrow_settings.base_url,
        session=new_session(tries=1 if seconds else 3),
        timeout=(seconds / 2, seconds) if seconds else enrow_settings.timeout,
        deadline=seconds or enrow_settings.deadline_seconds,
        sandbox_host=enrow_settings.sandbox_host,
    )


def take_post_slot() -> None:
    """Wait for this second's next free POST. Raises RateLimited when there is none for some seconds."""
    item = RateLimitItemPerSecond(enrow_settings.posts_per_second)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not _hit(item):
        if time.monotonic() > deadline:
            raise RateLimited('All POSTs of ENROW["POSTS_PER_SECOND"] are taken; the job waits its turn.')
        time.sleep(1 / enrow_settings.posts_per_second)


def _hit(item: RateLimitItemPerSecond) -> bool:
    """Count one POST if there is room. While the common storage is gone each process counts alone: a 429 is free."""
    try:
        return _limiter(enrow_settings.post_budget_storage).hit(item, "enrow-post")
    except StorageError as error:
        logger.warning(
            'ENROW["POST_BUDGET_STORAGE"] does not answer (%s); this process counts alone.',
            type(error.storage_error).__name__,
        )
        return _limiter("memory://").hit(item, "enrow-post")


def _limiter(storage: str) -> MovingWindowRateLimiter:
    # functools.cache alone would give threads that come at once a storage each.
    with _one_at_a_time:
        return _new_limiter(storage)


@functools.cache
def _new_limiter(storage: str) -> MovingWindowRateLimiter:
    options = _REDIS_OPTIONS if storage.startswith("redis") else {}
    return MovingWindowRateLimiter(storage_from_string(storage, wrap_exceptions=True, **options))
