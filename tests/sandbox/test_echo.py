"""The echo of the inputs, as an Enrow that resolves them would give it: each liberty alone, and all at once."""

from typing import Any

import pytest

from enrow_webhooks.sandbox.server import SandboxServer
from tests.sandbox import support
from tests.sandbox.client import HttpCaller
from tests.sandbox.support import Receiver

ZOE = {"fullname": "Zoë  MÜLLER-Ørsted", "company_name": "acme"}
ANN = {"fullname": "Ann Somebody", "company_domain": "acme.com"}
BY_NAME = {"firstname": "Zoë", "lastname": "MÜLLER", "company_name": "acme"}
MEMBER = {"linkedin_url": "https://www.linkedin.com/in/Zoe-Somebody/"}

# What the sandbox makes of the slug, written down once.
CANONICAL = "https://www.linkedin.com/in/zoe-somebody-81fcbb88/"

FINDS: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("echo_domain_added", ZOE, {**ZOE, "company_domain": "acme.com"}),
    ("echo_domain_added", ANN, ANN),
    ("echo_company_resolved", ZOE, {**ZOE, "company_name": "Acme, Inc."}),
    ("echo_company_resolved", ANN, {**ANN, "company_name": "Acme, Inc."}),
    ("echo_name_folded", ZOE, {**ZOE, "fullname": "Zoe Muller-Orsted"}),
    ("echo_name_folded", {**ZOE, "fullname": "王 小明"}, {**ZOE, "fullname": "王 小明"}),
    ("echo_urls_rewritten", ANN, {**ANN, "company_domain": "https://www.acme.com/"}),
    ("echo_urls_rewritten", ZOE, ZOE),
]
PHONES: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("echo_domain_added", BY_NAME, {**BY_NAME, "company_domain": "acme.com"}),
    ("echo_company_resolved", BY_NAME, {**BY_NAME, "company_name": "Acme, Inc."}),
    ("echo_name_folded", BY_NAME, {**BY_NAME, "firstname": "Zoe", "lastname": "Muller"}),
    (
        "echo_profile_resolved",
        BY_NAME,
        {**BY_NAME, "linkedin_url": "https://www.linkedin.com/in/zoe-muller/"},
    ),
    ("echo_profile_resolved", MEMBER, MEMBER),
    ("echo_slug_canonical", MEMBER, {"linkedin_url": CANONICAL}),
    ("echo_urls_rewritten", MEMBER, {"linkedin_url": "https://linkedin.com/in/zoe-somebody"}),
    ("echo_domain_added", MEMBER, MEMBER),
]


@pytest.mark.parametrize(("fact", "sent", "told"), FINDS)
def test_the_echo_of_an_email_search(
    http: HttpCaller, server: SandboxServer, fact: str, sent: dict[str, str], told: dict[str, str]
) -> None:
    """``raw_params`` differ from what was sent in the one way that the fact names; without it they do not differ."""
    job_id = http.launch(support.FIND_BULK, {"searches": [sent]})
    assert raw_params(http, job_id) == sent
    server.sandbox.configure(facts=fact)
    assert raw_params(http, job_id) == told


@pytest.mark.parametrize(("fact", "sent", "told"), PHONES)
def test_the_echo_of_a_phone_search(
    http: HttpCaller, server: SandboxServer, receiver: Receiver, fact: str, sent: dict[str, str], told: dict[str, str]
) -> None:
    """``params`` differ alike in a single answer, in a batch and in the event."""
    assert http.result(support.PHONE, sent)["params"] == sent
    server.sandbox.configure(facts=fact, webhooks=[receiver.url])
    assert http.result(support.PHONE, sent)["params"] == told
    assert server.sandbox.wait_until_idle()
    assert receiver.bodies[0]["result"]["params"] == told
    assert http.result(support.PHONE_BULK, {"searches": [sent]})["results"][0]["params"] == told


def test_the_echo_of_an_address(http: HttpCaller, server: SandboxServer, receiver: Receiver) -> None:
    """A verified address comes back in small letters, single, in a batch and in the event."""
    sent = "OK@Acme.com"
    assert http.result(support.VERIFY, {"email": sent})["email"] == sent
    server.sandbox.configure(facts="echo_email_lowered", webhooks=[receiver.url])
    assert http.result(support.VERIFY, {"email": sent})["email"] == "ok@acme.com"
    assert server.sandbox.wait_until_idle()
    assert receiver.bodies[0]["email"] == "ok@acme.com"
    assert http.result(support.VERIFY_BULK, {"verifications": [sent]})["results"][0]["email"] == "ok@acme.com"


def test_a_running_phone_search_has_the_same_echo(http: HttpCaller, server: SandboxServer) -> None:
    """Where the 202 repeats the inputs, it repeats the resolved ones."""
    server.sandbox.configure(delay=3600, facts="phone_ongoing_params,echo_slug_canonical")
    assert http.result(support.PHONE, MEMBER) == {"params": {"linkedin_url": CANONICAL}, "qualification": "ongoing"}


def test_a_resolver_takes_every_liberty_and_keeps_the_results(http: HttpCaller, server: SandboxServer) -> None:
    """No input comes back as it was sent, and what was found is the same as without the profile."""
    searches = [{**ZOE, "fullname": "Zoë SOMEBODY", "custom": "a"}, {**ANN, "custom": "b"}]
    phones = [{**BY_NAME, "custom": "a"}, {**MEMBER, "custom": "b"}]
    usual = [
        http.result(support.FIND_BULK, {"searches": searches}),
        http.result(support.PHONE_BULK, {"searches": phones}),
    ]
    server.sandbox.configure(profile="resolver")
    finds, members = (
        http.result(support.FIND_BULK, {"searches": searches}),
        http.result(support.PHONE_BULK, {"searches": phones}),
    )
    assert {item["custom"]: item["raw_params"] for item in finds["results"]} == {
        "a": {"company_domain": "https://www.acme.com/", "company_name": "Acme, Inc.", "fullname": "Zoe Somebody"},
        "b": {"company_domain": "https://www.acme.com/", "company_name": "Acme, Inc.", "fullname": "Ann Somebody"},
    }
    assert {item["custom"]: sorted(item["params"]) for item in members["results"]} == {
        "a": ["company_domain", "company_name", "firstname", "lastname", "linkedin_url"],
        "b": ["linkedin_url"],
    }
    assert [found(body) for body in (finds, members)] == [found(body) for body in usual]


def raw_params(http: HttpCaller, job_id: str) -> Any:
    return http.get(support.FIND_BULK, job_id).json()["results"][0]["raw_params"]


def found(body: Any) -> dict[str, Any]:
    """Return what was found by the caller's own name for each row, and what it cost."""
    values = {item["custom"]: item.get("email") or item.get("number") for item in body["results"]}
    return values | {"cost": body["stats"]["credits_cost"]}
