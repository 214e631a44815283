"""Where Enrow's events arrive, with and without what senders get wrong."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import resolve, reverse

from enrow_webhooks.inbox.addresses import sign
from enrow_webhooks.views import webhook_view
from tests.conftest import PAYLOADS

pytestmark = pytest.mark.django_db(transaction=True)
JOB = "5f0d3a43-6f5c-4f5c-9a64-0d7d1a8f5a11"
BODY = (PAYLOADS / "webhooks/single_search_finished.json").read_bytes()


def url(token: str | None = None) -> str:
    return reverse("enrow_webhooks:webhook", args=[token or sign(JOB)])


def deliver(body: bytes = BODY, path: str | None = None, *, client: Client | None = None, **headers):
    content_type = headers.pop("content_type", "application/json")
    return (client or Client()).generic("POST", path or url(), body, content_type, **headers)


def test_the_slash_at_the_end_may_be_missing():
    """APPEND_SLASH would answer a redirect, which loses the body."""
    assert deliver(path=url().rstrip("/")).status_code == 200


def test_the_webhook_is_found_by_name():
    """A project includes the urls anywhere, and signs what this name gives."""
    assert resolve(reverse("enrow_webhooks:webhook", args=["a-token"])).func is webhook_view


@pytest.mark.parametrize("path", ["a-token", "a-token/more", "a-token/more/"])
def test_a_token_with_something_behind_it_meets_the_same_view(path):
    """Django's own 404 would log the path, and with it the token."""
    match = resolve(reverse("enrow_webhooks:webhook", args=["x"]).removesuffix("x/") + path)
    assert (match.func, match.kwargs) == (webhook_view, {"token": path})
