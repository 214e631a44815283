"""Who may speak: signed references and shared secrets."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from enrow_webhooks.inbox.addresses import Sender, callback_url, recognise, redact, sign

# What a reference looks like, spelled plainly; it takes quadratic time.
SIGNED = re.compile(r"[\w-]+\.[\w-]{43}(?![\w-])")
# Pieces of log lines: words around the length of a signature, and what stands between words.
PIECES = ["a", "-", "_", "é", "例", "٣", "a" * 42, "b" * 43, "c-" * 22, "-" * 43, ".", "..", " ", "/", ":", "\n", "%2E"]

OLD, NEW = "an-old-secret-of-thirty-letters", "a-new-secret-of-thirty-letters"


def test_a_signed_reference_is_recognised():
    """The round trip of a job's id."""
    job = str(uuid.uuid4())
    assert recognise(sign(job)) == Sender(reference=job)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token.swapcase(),
        lambda token: token.partition(".")[0],
        lambda token: "0" + token[1:],
        lambda token: token.replace(".", ":"),
        lambda token: token.partition(".")[2],
        lambda token: "",
    ],
)
def test_a_changed_token_is_nobody(tamper):
    """Neither another job nor another signature passes."""
    token = sign("1" * 36)
    assert recognise(tamper(token)) is None


def test_a_rotated_key_does_not_orphan_running_jobs(settings):
    """URLs signed with the key before stay good while it is among SECRET_KEY_FALLBACKS."""
    token = sign("job")
    settings.SECRET_KEY = "the next one"
    assert recognise(token) is None
    settings.SECRET_KEY_FALLBACKS = ["tests"]
    assert recognise(token) == Sender(reference="job")


def test_shared_secrets_rotate(enrow):
    """While both are listed both are good; a secret carries no reference."""
    enrow(WEBHOOK_SECRETS=[NEW, OLD])
    assert [recognise(OLD), recognise(NEW), recognise(OLD[:-1])] == [Sender(), Sender(), None]
    enrow(WEBHOOK_SECRETS=[NEW])
    assert recognise(OLD) is None


@pytest.mark.parametrize("secrets", [(), None, [""], "", [None]])
def test_without_a_secret_nobody_knows_it(enrow, secrets):
    """A blank secret opens nothing."""
    enrow(WEBHOOK_SECRETS=secrets)
    assert recognise("") is None
    assert recognise("None") is None


def test_a_secret_that_is_no_list_is_one_secret(enrow):
    """Its single letters open nothing."""
    enrow(WEBHOOK_SECRETS=NEW)
    assert recognise(NEW) == Sender()
    assert not any(map(recognise, NEW))


def test_the_callback_url_leads_back(enrow):
    """Its last part is what recognise() reads; without an origin there is no URL."""
    enrow(WEBHOOK_ORIGIN="https://crm.example.com/")
    url = callback_url("job")
    assert url == f"https://crm.example.com/webhooks/enrow/{sign('job')}/"
    enrow(WEBHOOK_ORIGIN="")
    assert callback_url("job") == ""


@pytest.mark.parametrize("origin", [None, ""])
def test_an_origin_that_is_not_set_is_no_url(enrow, origin):
    """``os.environ.get`` gives None: no search is sent with the URL ``None/webhooks/…``."""
    enrow(WEBHOOK_ORIGIN=origin)
    assert callback_url("job") == ""


@pytest.mark.parametrize(
    "text",
    [
        '"POST /webhooks/enrow/{} HTTP/1.1" 200',
        "https://crm.example.com/webhooks/enrow/{}/?x=1",
        "Bad Request: /webhooks/enrow/{}/",
        "/webhooks/enrow/{} and /webhooks/enrow/{}/",
    ],
)
def test_redact_hides_every_token(text):
    """The rest of the line stays readable."""
    token = sign("job")
    assert redact(text.format(token, token)) == text.replace("{}", "[hidden]")


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
@example("b" * 43 + "." + "b" * 43 + "." + "b" * 43)
@example("a" * 42 + "." + "b" * 43 + "-")
def test_redact_hides_every_reference_in_any_text(text):
    """It finds what the plain spelling finds, to the letter, although it reads each word only once."""
    assert redact(text) == SIGNED.sub("[hidden]", text)


@given(st.text(st.characters(blacklist_categories=["Cs"])))
def test_no_token_breaks_the_door(token):
    """Whatever stands in a URL path: nobody, never an exception."""
    assert recognise(token) is None
