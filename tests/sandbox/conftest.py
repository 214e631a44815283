from collections.abc import Iterator

import pytest

from enrow_webhooks.sandbox.core import Sandbox
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
    """A receiver of notices that answers 200."""
    with Receiver() as receiver:
        yield receiver
