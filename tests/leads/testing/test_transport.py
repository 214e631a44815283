"""HTTP without a network: what the client cannot tell from the real thing."""

from __future__ import annotations

import pytest
import requests

from enrow_webhooks.client.errors import AnswerLost, Unavailable
from enrow_webhooks.client.http import EnrowClient
from enrow_webhooks.client.values import FindEmail, Kind
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.server import SandboxServer
from leads.testing.transport import ToSandbox, ToSite

ANN = FindEmail(fullname="Ann Somebody", company_domain="acme.com", crm_id="ann")
HERE = "https://enrow.test"


@pytest.fixture(params=["in process", "over HTTP"])
def asked(request):
    """A sandbox and a client that reaches it, in each of the two ways."""
    if request.param == "over HTTP":
        with SandboxServer(rate=None) as server, EnrowClient("key", base_url=server.url) as client:
            yield server.sandbox, client
        return
    with Sandbox(rate=None) as sandbox, ToSandbox(sandbox, "enrow.test").open():
        sandbox.end_pauses()
        with EnrowClient("key", base_url=HERE) as client:
            yield sandbox, client


def outcome(work):
    try:
        return work()
    except Exception as error:
        return type(error)


@pytest.mark.parametrize(
    ("chaos", "of_post", "of_get"),
    [
        ("", None, None),
        ("lost-answer,get-lost", AnswerLost, Unavailable),
        ("gateway,get-gateway", AnswerLost, Unavailable),
        ("unavailable,get-unavailable", Unavailable, Unavailable),
    ],
)
def test_both_ways_say_the_same(asked, chaos, of_post, of_get):
    """The same answers, errors and numbers of requests: a GET is repeated, a POST never."""
    sandbox, client = asked
    sandbox.configure(chaos=chaos)
    launched = outcome(lambda: client.launch(Kind.FIND_EMAIL, [ANN]))
    assert launched is of_post if of_post else launched.id
    account = outcome(client.account)
    assert account is of_get if of_get else account.credits == 999
    assert sum(count for name, count in sandbox.requests.items() if name.startswith("POST")) == 1
    gets = sum(count for name, count in sandbox.requests.items() if name.startswith("GET"))
    # 500 is not repeated by the client's own session, 503 is.
    assert gets == 1 if not chaos else 1 <= gets <= 3


def test_other_hosts_go_their_way():
    """Only the one host is answered."""
    with Sandbox() as sandbox, ToSandbox(sandbox, "enrow.test").open():
        with pytest.raises(requests.ConnectionError):
            requests.get("http://127.0.0.1:9/account/info", timeout=1)
        answer = requests.get(f"{HERE}/account/info", headers={"x-api-key": "key"}, timeout=1, stream=True)
        assert answer.raw.read(4) == b'{"cr'
        assert requests.get(f"{HERE}/account/info", timeout=1).status_code == 401
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{HERE}/account/info", timeout=1)


@pytest.mark.django_db
def test_an_event_goes_through_all_of_the_project(settings):
    """Its middleware, its URLs, its view; what is sent in pieces arrives whole."""
    settings.ENROW = {**settings.ENROW, "WEBHOOK_SECRETS": ["the-secret"]}
    session, site = ToSite.session()
    url = "https://testserver/webhooks/enrow/{}/"
    body = [b'{"event": "verification_finished", ', b'"id": "1"}']
    assert session.post(url.format("the-secret"), data=iter(body)).status_code == 200
    assert site.refused is None
    assert session.post(url.format("a-stranger"), data=b"".join(body)).status_code == 404
    assert "answered 404" in str(site.refused)
