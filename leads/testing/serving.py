"""A fake Enrow over HTTP, for tests of several processes. Needs Werkzeug, as every sandbox with a port does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Unpack

from enrow_webhooks.sandbox.server import SandboxServer
from enrow_webhooks.sandbox.settings import Changes
from leads.testing import commits
from leads.testing.enrow import Enrow
from leads.testing.guarding import no_network
from leads.testing.opening import waited_for


@contextmanager
def over_http(**changes: Unpack[Changes]) -> Iterator[Enrow]:
    """Start a sandbox on a free port of this machine; point ENROW to its ``url`` by ``settings_for()``."""

    def deliver(enrow: Enrow) -> int:
        sandbox = enrow.sandbox
        before = len(sandbox.deliveries)
        if not enrow.is_slow_now:
            sandbox.finish_all()
            sandbox.flush()
            sandbox.wait_until_idle()
        return len(sandbox.deliveries) - before

    usual: Changes = {"rate": None}
    with no_network(), commits.noted(), SandboxServer(**usual | changes) as server:
        fake = Enrow(server.sandbox, deliver, url=server.url)
        with waited_for(fake):
            yield fake
