"""A fake Enrow within the process, for one test, and the settings that lead to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Unpack
from unittest import mock

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from enrow_webhooks import connect
from enrow_webhooks.sandbox.agenda import ManualAgenda
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.settings import Changes
from leads import handles
from leads.testing import commits
from leads.testing.enrow import Enrow
from leads.testing.guarding import no_network
from leads.testing.transport import ToSandbox, ToSite

# Reserved for tests (RFC 6761): nobody ever answers there.
_HOST = "enrow.test"
# Django's own name for the site in a test; ALLOWED_HOSTS has it then.
_SITE = "https://testserver"


@contextmanager
def in_process(**changes: Unpack[Changes]) -> Iterator[Enrow]:
    """Let a sandbox within this process answer what it asks Enrow. ENROW must be as ``settings_for()`` returns it."""
    session, site = ToSite.session()
    agenda = ManualAgenda(session)
    usual: Changes = {"rate": None}
    sandbox = Sandbox(clock=lambda: agenda.now, agenda=agenda, **usual | changes)
    sandbox.end_pauses()

    def deliver(enrow: Enrow) -> int:
        # Time jumps to whatever comes next, but not to the end of a search that shall not end.
        done = agenda.work_off(until=agenda.now) if enrow.is_slow_now else agenda.work_off()
        refused, site.refused = site.refused, None
        if refused:
            raise refused
        return done

    # The budget of POSTs per second has a thread that forgets old ones.
    unbounded = mock.patch.object(connect, "_hit", return_value=True)
    with no_network(), ToSandbox(sandbox, _HOST).open(), commits.noted(), unbounded, sandbox:
        fake = Enrow(sandbox, deliver)
        with waited_for(fake):
            yield fake


def waited_for(fake: Enrow) -> AbstractContextManager[object]:
    """Let ``run.wait()`` of the project's code do all that there is to do, instead of waiting for it."""
    return mock.patch.object(handles, "sweep", fake.run_all)


def settings_for(url: str = f"https://{_HOST}", *, site: str | None = None) -> dict[str, Any]:
    """Return ENROW for a test: the project's own, with what would meet the real Enrow, a broker or a clock replaced.

    Without a ``site`` events go to this process; blank, or where no URL takes them, there are none.
    """
    own = getattr(settings, "ENROW", {})
    return {
        **own,
        "API_KEY": "sandbox",
        "BASE_URL": url,
        "WEBHOOK_ORIGIN": (_SITE if site is None else site) if _takes_events() else "",
        "WEBHOOK_SECRETS": own.get("WEBHOOK_SECRETS") or ["the-secret-of-tests"],
        "POSTS_PER_SECOND": 1_000_000,
        "POST_BUDGET_STORAGE": "memory://",
        "TASK_BACKEND": "none",
    }


def _takes_events() -> bool:
    try:
        reverse("enrow_webhooks:webhook", args=["token"])
    except NoReverseMatch:
        return False
    return True
