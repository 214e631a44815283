"""No test meets the real Enrow."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading

import pytest
import requests

from enrow_webhooks.client.http import EnrowClient
from leads.enrichment import estimate
from leads.models import Lead
from leads.testing.guarding import RealEnrowError, is_real, no_network


@pytest.mark.parametrize(
    ("host", "is_refused"),
    [
        ("api.enrow.io", True), ("enrow.io", True), ("API.Enrow.IO.", True), ("app.enrow.io", True),
        ("gateway.acme.com", True), ("notenrow.io", False), ("acme.com", False), ("", False), ("127.0.0.1", False),
    ],
)  # fmt: skip
def test_real_is_enrow_and_what_the_settings_name(settings, host, is_refused):
    """Something of the project's own that stands before Enrow leads to the real one, too."""
    settings.ENROW = {"BASE_URL": "https://gateway.acme.com"}
    assert is_real(host) is is_refused


@pytest.mark.parametrize("here", ["http://127.0.0.1:8787", "http://localhost:8787", "http://[::1]:8787", "", None])
def test_a_sandbox_on_this_machine_is_not_real(settings, here):
    """It may be met, wherever the settings say that it is."""
    settings.ENROW = {"BASE_URL": here}
    assert not is_real("127.0.0.1")
    assert not is_real("localhost")
    assert not is_real("::1")


def by_our_client():
    with EnrowClient("key") as client:
        client.account()


def by_requests():
    requests.get("https://api.enrow.io/account/info", timeout=1)


def by_a_proxy():
    requests.get("https://api.enrow.io/account/info", timeout=1, proxies={"https": "http://127.0.0.1:9"})


def by_the_standard_library():
    http.client.HTTPSConnection("api.enrow.io", timeout=1).request("GET", "/account/info")


@pytest.mark.parametrize("ask", [by_our_client, by_requests, by_a_proxy, by_the_standard_library])
def test_whoever_asks_is_stopped(ask):
    """Before a name is resolved, and also where the code survives every outage."""
    with pytest.raises(AssertionError, match="fixture enrow"), no_network():  # noqa: SIM117 - one within the other
        with pytest.raises(RealEnrowError):
            ask()


def test_code_that_survives_an_outage_does_not_survive_this(db, settings):
    """``estimate()`` does without a balance that it cannot get; here it may not."""
    settings.ENROW = {**settings.ENROW, "BASE_URL": "https://api.enrow.io"}

    def ask():
        with contextlib.suppress(Exception):
            estimate(Lead.objects.all(), find={"email"})

    with pytest.raises(AssertionError), no_network(), pytest.raises(RealEnrowError):
        ask()


def test_what_a_thread_does_fails_the_test_too():
    """The exception dies with the thread; it is remembered."""
    caught = []

    def ask():
        try:
            by_our_client()
        except BaseException as error:
            caught.append(error)

    def in_a_thread():
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()

    with pytest.raises(AssertionError, match=r"api\.enrow\.io"), no_network():
        in_a_thread()
    assert isinstance(caught[0], RealEnrowError)


def test_others_are_met_as_ever_and_all_is_as_before():
    """Nothing else is stopped."""
    send, resolve = requests.adapters.HTTPAdapter.send, socket.getaddrinfo
    with no_network():
        assert socket.getaddrinfo("127.0.0.1", 80)
        assert socket.getaddrinfo(b"127.0.0.1", 80)
        with pytest.raises(requests.ConnectionError):
            requests.get("http://127.0.0.1:9/", timeout=1)
    assert (requests.adapters.HTTPAdapter.send, socket.getaddrinfo) == (send, resolve)
