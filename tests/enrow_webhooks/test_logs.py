"""The log filter: it hides, it never drops, and it never ends the request that is being logged."""

from __future__ import annotations

import copy
import functools
import logging
import socket
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from django.test import Client

from enrow_webhooks.inbox.addresses import sign
from enrow_webhooks.logs import RedactWebhookTokens
from tests.linear import Kind, complaints


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


# What a stranger puts into a request: one word, tokens, addresses, numbers.
LONG = [Kind(repeat) for repeat in ("a", "a.", "a@", "a-", "+1", "x" * 43 + ".", "x" * 43 + "-", "é")]


@pytest.fixture
def logged(monkeypatch):
    """Return the lines that Django logs while it answers a request, as they come to a filter."""
    records = []
    keeping = logging.Handler()
    keeping.emit = records.append
    monkeypatch.setattr(logging.getLogger(), "handlers", [keeping])

    def ask(**request):
        records.clear()
        Client().generic("GET", **request)
        return list(records)

    return ask


@pytest.mark.parametrize(
    ("request_with", "first_words"),
    [
        (lambda text: {"path": "/", "headers": {"host": text}}, "Invalid HTTP_HOST header: 'aaaa"),
        (lambda text: {"path": f"/nothing/{quote(text)}", "headers": {"user-agent": text}}, "Not Found: /nothing/aaaa"),
        (
            lambda text: {"path": f"/nothing/?q={quote(text)}", "headers": {"referer": text, "cookie": text}},
            "Not Found: /nothing/",
        ),
    ],
)
def test_the_lines_of_a_long_request_do_not_burn_the_processor(logged, request_with, first_words):
    """A stranger chooses host, path and headers; Django's lines about them pass the filter in linear time."""
    # The request itself is made once for a text: what is timed is the filter.
    lines = functools.cache(lambda text: logged(**request_with(text)))
    assert lines("a" * 1000)[0].getMessage().startswith(first_words)

    def let_pass(text):
        for line in lines(text):
            assert RedactWebhookTokens().filter(copy.copy(line))

    assert not complaints(let_pass, LONG)


def test_a_long_access_line_does_not_burn_the_processor():
    """Web servers log the path, the browser's name and where it came from, as the stranger wrote them."""
    template = '"GET /%s HTTP/1.1" 404 "%s" "%s"'
    assert not complaints(lambda text: RedactWebhookTokens().filter(record(template, text, text, text)), LONG)
