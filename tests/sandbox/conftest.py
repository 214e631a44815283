from collections.abc import Iterator

import pytest

from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.server import SandboxServer
from tests.sandbox.client import HttpCaller
from tests.sandbox.support import Caller, Receiver


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox without a rate limit, whose searches end at once."""
    with Sandbox(rate=None) as sandbox:
        yield sandbox


@pytest.fixture
def caller(sandbox: Sandbox) -> Caller:
    """A client with a valid key."""
    return Caller(sandbox)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of events that answers 200."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """A sandbox on a real port, without a rate limit, whose searches end at once."""
    with SandboxServer(rate=None, credits=1_000_000) as server:
        yield server


@pytest.fixture
def http(server: SandboxServer) -> Iterator[HttpCaller]:
    """A plain HTTP client of that sandbox."""
    with HttpCaller(server) as caller:
        yield caller
