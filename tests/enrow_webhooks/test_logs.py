"""The log filter: it hides, it never drops, and it never ends the request that is being logged."""

from __future__ import annotations

import logging
import socket
from types import SimpleNamespace

import pytest

from enrow_webhooks.inbox.addresses import sign
from enrow_webhooks.logs import RedactWebhookTokens


def record(message, *args, **extra):
    line = logging.LogRecord("django.server", logging.INFO, __file__, 1, message, args, None)
    line.__dict__ |= extra
    return line


def test_runservers_access_line_passes_with_its_token_hidden():
    """There the "request" of a line is a socket, not Django's request."""
    token = sign("0d2b4b1e-0000-4000-8000-000000000000")
    with socket.socket() as connection:
        line = record('"%s" %s %s', f"POST /webhooks/enrow/{token}/ HTTP/1.1", 200, 15, request=connection)
        assert RedactWebhookTokens().filter(line)
    assert token not in line.getMessage()
    assert "[hidden]" in line.getMessage()


@pytest.mark.parametrize("request_", [None, object(), SimpleNamespace(path=None), SimpleNamespace(path=b"/x")])
def test_whatever_hangs_on_a_line_does_not_break_it(request_):
    """Any library may put anything there."""
    line = record("harmless", request=request_)
    assert RedactWebhookTokens().filter(line)
    assert line.getMessage() == "harmless"


def test_a_request_to_the_webhook_leaves_the_line():
    """Django's error mail would render it."""
    line = record("Not Found", request=SimpleNamespace(path="/webhooks/enrow/a-secret-of-some-length/"))
    assert RedactWebhookTokens().filter(line)
    assert not hasattr(line, "request")


def test_a_line_that_cannot_be_formatted_is_withheld():
    """Its text may hold the token, so it is not guessed at."""
    line = record("%d of /webhooks/enrow/secret/", "not a number")
    assert RedactWebhookTokens().filter(line)
    assert "secret" not in line.getMessage()
