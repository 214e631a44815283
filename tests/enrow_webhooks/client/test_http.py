"""The HTTP client against the sandbox, over real HTTP, and against strangers at Enrow's address."""

from __future__ import annotations

import json
import socket
import ssl
import traceback
from decimal import Decimal

import pytest
import requests

from enrow_webhooks.client import errors
from enrow_webhooks.client.http import EnrowClient
from enrow_webhooks.client.transport import new_session
from enrow_webhooks.client.values import FindEmail, FindPhone, Kind, SearchStatus, Verdict, VerifyEmail
from enrow_webhooks.sandbox import people
from enrow_webhooks.sandbox.server import SandboxServer
from tests.enrow_webhooks.support import BLACK, Stranger, certificate, http
from tests.lingering import Lingering

TIMEOUT = (2.0, 5.0)
EMAIL = [FindEmail(fullname=f"{name} Somebody", company_domain="acme.com", crm_id=name) for name in ("Ann", "Bob")]
VERIFY = [VerifyEmail(email="ok@acme.com", crm_id="Ann"), VerifyEmail(email="bounce@acme.com", crm_id="Bob")]
PHONE = [
    FindPhone(linkedin_url="https://www.linkedin.com/in/ann-somebody/", firstname="Ann", lastname="S", crm_id="Ann"),
    FindPhone(firstname="Bob", lastname="Somebody", company_domain="acme.com", crm_id="Bob"),
]
QUERIES = {Kind.FIND_EMAIL: EMAIL, Kind.VERIFY_EMAIL: VERIFY, Kind.FIND_PHONE: PHONE}
SIX = [(kind, count) for kind in Kind for count in (1, 2)]
POSTS = {
    (Kind.FIND_EMAIL, 1): "/email/find/single",
    (Kind.FIND_EMAIL, 2): "/email/find/bulk",
    (Kind.VERIFY_EMAIL, 1): "/email/verify/single",
    (Kind.VERIFY_EMAIL, 2): "/email/verify/bulk",
    (Kind.FIND_PHONE, 1): "/phone/single",
    (Kind.FIND_PHONE, 2): "/phone/bulk",
}


@pytest.fixture
def server():
    """The sandbox on a real port, without Django."""
    with SandboxServer(credits=Decimal(1000), rate=None) as server:
        yield server


@pytest.fixture
def client(server):
    """A client of that sandbox."""
    with EnrowClient(BLACK, base_url=server.url, timeout=TIMEOUT) as client:
        yield client


def posts(server) -> dict[str, int]:
    return {line: count for line, count in server.sandbox.requests.items() if line.startswith("POST")}


def launch(client, kind=Kind.FIND_EMAIL, count=1, **settings):
    return client.launch(kind, QUERIES[kind][:count], **settings)


# The wire, word for word.

BODIES = [
    (
        Kind.FIND_EMAIL,
        EMAIL[:1],
        {},
        {"fullname": "Ann Somebody", "company_domain": "acme.com", "custom": {"crm_id": "Ann"}},
    ),
    (
        Kind.FIND_EMAIL,
        EMAIL,
        {},
        {
            "searches": [
                {"fullname": "Ann Somebody", "company_domain": "acme.com", "custom": "Ann"},
                {"fullname": "Bob Somebody", "company_domain": "acme.com", "custom": "Bob"},
            ]
        },
    ),
    (
        Kind.FIND_EMAIL,
        [FindEmail(fullname="Ann B", company_name="Acme")],
        {"country_code": "FR"},
        {"fullname": "Ann B", "company_name": "Acme", "settings": {"country_code": "FR"}},
    ),
    (
        Kind.VERIFY_EMAIL,
        VERIFY[:1],
        {"webhook": "https://crm.example.com/x/"},
        {"email": "ok@acme.com", "custom": {"crm_id": "Ann"}, "settings": {"webhook": "https://crm.example.com/x/"}},
    ),
    (Kind.VERIFY_EMAIL, VERIFY, {}, {"verifications": ["ok@acme.com", "bounce@acme.com"]}),
    (Kind.FIND_PHONE, PHONE[:1], {}, {"linkedin_url": "https://www.linkedin.com/in/ann-somebody/", "custom": "Ann"}),
    (
        Kind.FIND_PHONE,
        PHONE[1:],
        {},
        {"firstname": "Bob", "lastname": "Somebody", "company_domain": "acme.com", "custom": "Bob"},
    ),
    (
        Kind.FIND_PHONE,
        PHONE,
        {"webhook": "https://crm.example.com/x/"},
        {
            "searches": [
                {"linkedin_url": "https://www.linkedin.com/in/ann-somebody/", "custom": "Ann"},
                {"firstname": "Bob", "lastname": "Somebody", "company_domain": "acme.com", "custom": "Bob"},
            ],
            "settings": {"webhook": "https://crm.example.com/x/"},
        },
    ),
]


@pytest.mark.parametrize(("kind", "queries", "settings", "body"), BODIES)
def test_the_body_on_the_wire_is_the_documented_one(server, client, kind, queries, settings, body):
    """Nothing but the documented fields is sent, and no ``settings`` when there is nothing to set."""
    client.launch(kind, queries, **settings)
    assert json.loads(server.sandbox.jobs[0].raw) == body


@pytest.mark.parametrize(("kind", "count"), SIX)
def test_one_goes_to_the_single_endpoint_and_more_to_bulk(server, client, kind, count):
    """The path and the id are right, and what was taken is exact."""
    accepted = launch(client, kind, count)
    code = 200 if count == 1 and kind is not Kind.FIND_PHONE else 201
    assert posts(server) == {f"POST {POSTS[kind, count]} {code}": 1}
    assert accepted.id == server.sandbox.jobs[0].id
    assert accepted.credits_used == server.sandbox.jobs[0].initial_cost
    assert (accepted.estimated_minutes is None) is (count == 1)


@pytest.mark.parametrize(("kind", "count"), SIX)
def test_every_result_is_read_back(client, kind, count):
    """What a GET answers is what the sandbox knows of these people."""
    answer = client.fetch(kind, launch(client, kind, count).id, bulk=count > 1)
    assert answer.status is SearchStatus.COMPLETED
    first = answer.results[0]
    truth = {
        Kind.FIND_EMAIL: people.find_email("Ann Somebody", company_domain="acme.com"),
        Kind.VERIFY_EMAIL: "ok@acme.com",
        Kind.FIND_PHONE: people.find_phone(linkedin_url="https://www.linkedin.com/in/ann-somebody/")[0],
    }
    assert (first.verdict, first.value) == (Verdict.FOUND, truth[kind])
    assert len(answer.results) == count


@pytest.mark.parametrize(("kind", "count"), SIX)
@pytest.mark.parametrize("profile", ["current", "legacy"])
def test_a_search_that_runs_is_ongoing_in_every_generation(server, client, kind, count, profile):
    """Neither 202 nor 200 says that a search is done; its body does."""
    server.sandbox.configure(delay=60, profile=profile)
    answer = client.fetch(kind, launch(client, kind, count).id, bulk=count > 1)
    assert (answer.status, answer.results) == (SearchStatus.ONGOING, ())


def test_a_batch_that_fails_says_so(client):
    """``failed`` is a state of its own."""
    doomed = [FindEmail(fullname=f"{name} B", company_domain="failed.example") for name in ("A", "C")]
    accepted = client.launch(Kind.FIND_EMAIL, doomed)
    assert client.fetch(Kind.FIND_EMAIL, accepted.id, bulk=True).status is SearchStatus.FAILED


def test_the_account_is_read_exactly(server, client):
    """The balance keeps its quarters; the dashboard's webhooks come along."""
    server.sandbox.configure(credits="1968.25", webhooks=["https://crm.example.com/hook"])
    account = client.account()
    assert account.credits == Decimal("1968.25")
    assert account.webhooks == ("https://crm.example.com/hook",)


# Refusals.


def refused(call, kind: type[errors.EnrowError]) -> errors.EnrowError:
    with pytest.raises(errors.EnrowError) as caught:
        call()
    assert type(caught.value) is kind, repr(caught.value)
    return caught.value


BAD = [
    (Kind.FIND_EMAIL, [FindEmail(fullname="")], "input payload is missing fullname"),
    (
        Kind.FIND_EMAIL,
        [FindEmail(fullname="Ann")],
        "both company_domain and company_name are absent, input payload needs at least one of them",
    ),
    (Kind.FIND_EMAIL, EMAIL[:1] * 5001, "Too many searches. Limit is currently at 5000 per batch"),
    (Kind.FIND_EMAIL, [], "Missing searches payload"),
    (Kind.VERIFY_EMAIL, [VerifyEmail(email="nobody")], "invalid email format"),
    (Kind.VERIFY_EMAIL, [], "At least 1 verification must be present in the payload"),
    (Kind.FIND_PHONE, [FindPhone(linkedin_url="https://www.linkedin.com/company/acme")], "Invalid linkedin_url"),
    (Kind.FIND_PHONE, [], "At least 1 phone search must be present in the payload"),
]


@pytest.mark.parametrize(("kind", "queries", "words"), BAD)
def test_a_400_is_refused_with_enrows_words(server, client, kind, queries, words):
    """A request that will never be accepted is refused, sent once, and its row is not generated."""
    error = refused(lambda: client.launch(kind, queries), errors.RowRefused)
    assert (error.status, error.text, error.row) == (400, words, None)
    assert sum(posts(server).values()) == 1


def test_the_row_that_enrow_names_is_known(client):
    """One bad row refuses the batch; the error says which, counted from 1."""
    rows = [*EMAIL * 4, FindEmail(fullname="No Company")]
    assert refused(lambda: client.launch(Kind.FIND_EMAIL, rows), errors.RowRefused).row == 9


@pytest.mark.parametrize(
    ("key", "words"), [("", "No apikey found in the x-api-key headers"), ("bad-key", "This apikey is not valid")]
)
def test_both_401_of_the_key_are_an_invalid_key(server, key, words):
    """A missing and a wrong key need the same person; POST, GET and the account question agree."""
    with EnrowClient(key, base_url=server.url) as client:
        for call in (lambda: launch(client), lambda: client.fetch(Kind.FIND_PHONE, "x", bulk=False), client.account):
            error = refused(call, errors.InvalidKey)
            assert (error.status, error.text) == (401, words)


def test_a_plan_without_phones_is_no_bad_key(server, client):
    """This 401 concerns phones only: the e-mail finder goes on."""
    server.sandbox.configure(phone_allowed=False)
    error = refused(lambda: launch(client, Kind.FIND_PHONE), errors.FeatureNotAllowed)
    assert error.text == "This account is not allowed to use the phone search feature"
    launch(client)


@pytest.mark.parametrize("profile", ["current", "legacy"])
@pytest.mark.parametrize(("kind", "count"), SIX)
def test_out_of_credits_is_understood_in_every_shape(server, client, kind, count, profile):
    """402 with ``reason``, 402 with ``message`` and the old 422 all mean: buy credits."""
    server.sandbox.configure(credits=0, profile=profile)
    error = refused(lambda: launch(client, kind, count), errors.OutOfCredits)
    assert error.status == (402 if profile == "current" else 422)
    assert error.text.startswith("Insufficient")


def test_a_422_about_anything_else_is_refused():
    """Only the balance text of a 422 means credits."""
    with Stranger(http(422, b'{"message": "Unprocessable"}')) as stranger:
        refused(lambda: launch(EnrowClient("k", base_url=stranger.url)), errors.RowRefused)


def test_what_was_sent_of_a_person_is_hidden_in_enrows_words():
    """They end in logs and on pages; what they mean is read before, whatever a company is called."""
    query = FindEmail(fullname="Zora Quill", company_name="Balance", crm_id="crm-17")
    words = "Insufficient balance for ZORA QUILL (crm-17)"
    with Stranger(http(422, json.dumps({"message": words}).encode())) as stranger:
        error = refused(
            lambda: EnrowClient("k", base_url=stranger.url).launch(Kind.FIND_EMAIL, [query]), errors.OutOfCredits
        )
    assert error.text == "Insufficient [hidden] for [hidden] ([hidden])"
    assert "zora" not in str(error).lower()


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (400, "No.", errors.RowRefused),
        (413, "Payload too large", errors.RowRefused),
        (409, "Search n°2 of 3", errors.RowRefused),
        (400, "Invalid webhook", errors.Refused),
        (400, "Unknown country_code", errors.Refused),
        (400, "Error while parsing the JSON payload", errors.Refused),
        (405, "No.", errors.Refused),
        (415, "No.", errors.Refused),
    ],
)
def test_a_refusal_says_whether_a_row_can_be_its_fault(status, words, kind):
    """The method, the media type, the webhook, the country are the same for every row: fewer rows change nothing."""
    with Stranger(http(status, json.dumps({"message": words}).encode())) as stranger:
        refused(lambda: launch(EnrowClient("k", base_url=stranger.url)), kind)


@pytest.mark.parametrize(
    ("kind", "bulk", "status"), [(kind, bulk, 400 if bulk else 500) for kind in Kind for bulk in (False, True)]
)
def test_an_unknown_id_is_an_unknown_search(server, client, kind, bulk, status):
    """400 on bulk, 500 on single, with the documented words; 404 in older generations."""
    assert refused(lambda: client.fetch(kind, "no-such-id", bulk=bulk), errors.UnknownSearch).status == status
    server.sandbox.configure(profile="legacy")
    assert refused(lambda: client.fetch(kind, "no-such-id", bulk=bulk), errors.UnknownSearch).status == 404


def test_an_odd_id_travels_whole(server, client):
    """Ids are opaque text: characters that mean something in a URL do not break out of the query."""
    refused(lambda: client.fetch(Kind.FIND_EMAIL, "a b&id=c#d/é", bulk=True), errors.UnknownSearch)
    assert server.sandbox.requests == {"GET /email/find/bulk 400": 1}


@pytest.mark.parametrize("body", [b"<h1>Not Found</h1>", b'{"message": "Missing Authentication Token"}'])
def test_a_404_of_some_gateway_does_not_give_a_search_up(body):
    """Only Enrow's own words say that a search is gone: results that were paid for are not dropped for a proxy."""
    with Stranger(http(404, body)) as stranger:
        client = EnrowClient("k", base_url=stranger.url)
        refused(lambda: client.fetch(Kind.FIND_EMAIL, "x", bulk=True), errors.SettingsMustChange)


@pytest.mark.parametrize("facts", [{}, {"unknown_route_status": 404}])
def test_a_wrong_path_in_the_address_is_a_setting_to_mend(server, facts):
    """What a gateway says of the address is no verdict on the leads: POST and account name the setting, both codes."""
    client = EnrowClient("k", base_url=f"{server.url}/v2")
    server.sandbox.configure(facts=facts)
    for call in (lambda: launch(client), lambda: launch(client, count=2), client.account):
        error = refused(call, errors.SettingsMustChange)
        assert error.status == facts.get("unknown_route_status", 403)
        assert error.text == "Missing Authentication Token"
        assert str(error).endswith('fix ENROW["BASE_URL"].')


@pytest.mark.parametrize(("kind", "count"), SIX)
def test_a_403_quotes_enrow_first_and_blames_the_address_last(server, kind, count):
    """Enrow may say it of the account: its own words, then account and key, and the address only after those."""
    client = EnrowClient("forbidden-key", base_url=server.url)
    for call in (
        lambda: launch(client, kind, count),
        lambda: client.fetch(kind, "x", bulk=count > 1),
        client.account,
    ):
        error = refused(call, errors.SettingsMustChange)
        assert (error.status, error.text) == (403, "Forbidden")
        assert str(error) == (
            'Enrow answered 403: Forbidden. Check your account at Enrow and ENROW["API_KEY"]; '
            'if both are good, fix ENROW["BASE_URL"].'
        )


@pytest.mark.parametrize("body", [b"", b"<h1>403 Forbidden</h1>", b"[]"])
def test_a_403_without_words_is_a_sentence_all_the_same(body):
    """A page, nothing, or JSON of another shape: the status stands where the words would."""
    with Stranger(http(403, body)) as stranger:
        error = refused(lambda: launch(EnrowClient("k", base_url=stranger.url)), errors.SettingsMustChange)
        assert str(error).startswith("Enrow answered 403: HTTP 403. Check your account")


# What goes wrong between two servers.


@pytest.mark.parametrize(
    ("chaos", "kind"),
    [
        ("throttle", errors.RateLimited),
        ("unavailable", errors.Unavailable),
        ("gateway", errors.AnswerLost),
        ("lost-answer", errors.AnswerLost),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_post_is_sent_exactly_once_whatever_happens(server, client, chaos, kind, seed):
    """429, 500 and 503 bill nothing; 502, 504 and a lost answer may have: none of them is repeated by the client."""
    server.sandbox.configure(chaos=chaos, seed=seed)
    refused(lambda: launch(client), kind)
    assert sum(posts(server).values()) == 1
    assert len(server.sandbox.jobs) == (kind is errors.AnswerLost)


def test_a_refused_connection_was_never_sent():
    """Nobody listens: nothing was accepted, so the POST may be repeated; a GET says the same."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    client = EnrowClient("k", base_url=url)
    refused(lambda: launch(client), errors.Unavailable)
    refused(client.account, errors.Unavailable)


def test_a_name_that_does_not_exist_was_never_sent():
    """No address, no request."""
    refused(lambda: launch(EnrowClient("k", base_url="https://nowhere.invalid")), errors.Unavailable)


def test_a_proxy_that_is_gone_was_never_sent(monkeypatch):
    """The proxy was not reached, so neither was Enrow."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    refused(lambda: launch(EnrowClient("k", base_url="https://api.example.com")), errors.Unavailable)


@pytest.mark.parametrize("url", ["api.enrow.io", "htp://api.enrow.io", "https://", "https://[::1"])
def test_an_address_that_is_none_is_a_setting_to_mend(url):
    """A wrong base URL never becomes a search that might have been billed."""
    client = EnrowClient("k", base_url=url)
    assert "BASE_URL" in str(refused(lambda: launch(client), errors.SettingsMustChange))
    refused(client.account, errors.SettingsMustChange)


def test_a_timeout_while_reading_is_a_lost_answer():
    """The request left and nothing came back in time: it may have been billed; a GET just failed."""
    with Stranger(None) as stranger:
        refused(lambda: launch(EnrowClient("k", base_url=stranger.url, timeout=(1, 0.3))), errors.AnswerLost)
        assert len(stranger.requests) == 1
    with Stranger(None) as stranger:
        refused(EnrowClient("k", base_url=stranger.url, timeout=(1, 0.1)).account, errors.Unavailable)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        http(200, b"not gzip", "Content-Encoding: gzip"),
    ],
)
def test_an_answer_that_breaks_off_is_lost_and_never_repeated(answer):
    """Whatever becomes of the answer, the POST has left once."""
    with Stranger(answer) as stranger:
        refused(lambda: launch(EnrowClient("k", base_url=stranger.url, timeout=TIMEOUT)), errors.AnswerLost)
        assert len(stranger.requests) == 1


def test_a_fault_of_tls_in_the_answer_is_lost_and_never_repeated(tmp_path, monkeypatch):
    """urllib3 takes such a fault for one of the handshake and would repeat the POST; it may have been billed."""
    chain, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(chain))
    with Stranger(b"this is no TLS record", context=context) as stranger:
        error = refused(lambda: launch(EnrowClient("k", base_url=stranger.url, timeout=TIMEOUT)), errors.AnswerLost)
        assert isinstance(error.__cause__, requests.exceptions.SSLError)
        assert len(stranger.requests) == 1


def test_a_certificate_that_is_refused_was_never_sent(tmp_path):
    """The handshake comes before the request."""
    chain, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with Stranger(b"", context=context) as stranger:
        refused(lambda: launch(EnrowClient("k", base_url=stranger.url, timeout=TIMEOUT)), errors.Unavailable)
        assert stranger.requests == []


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_get_is_repeated_after_a_passing_fault(status):
    """A GET is free: three tries, without waiting for as long as a header says."""
    with Stranger(http(status, b"{}", "Retry-After: 3600")) as stranger:
        refused(
            EnrowClient("k", base_url=stranger.url).account, errors.RateLimited if status == 429 else errors.Unavailable
        )
        assert len(stranger.requests) == 3


# The key.


@pytest.mark.parametrize("call", ["launch", "account"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status, call):
    """The key never travels to another host, and a POST never turns into a GET."""
    with (
        Stranger(http(200, b'{"id": "x", "credits": 1}')) as other,
        Stranger(http(status, b"", f"Location: {other.url}/")) as stranger,
    ):
        client = EnrowClient(BLACK, base_url=stranger.url)
        if call == "launch":
            refused(lambda: launch(client), errors.AnswerLost)
        else:
            refused(client.account, errors.Unavailable)
        assert (len(stranger.requests), other.requests) == (1, [])


def test_the_key_is_in_no_repr_and_no_exception_text(server):
    """Not even in the exceptions of other libraries that ours are chained to."""
    server.sandbox.configure(chaos="lost-answer")
    broken = f"{BLACK}\r\nx: y"
    clients = [EnrowClient(BLACK, base_url=url) for url in (server.url, "http://127.0.0.1:9", "nonsense")]
    clients += [EnrowClient(key, base_url=server.url) for key in (broken, f"{BLACK}é", f"{BLACK}\n", f"{BLACK}\u20ac")]
    for client in clients:
        assert BLACK not in repr(client)
        with pytest.raises(errors.EnrowError) as caught:
            launch(client)
        assert BLACK not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)


@pytest.mark.parametrize("key", ["a\nb", "clé", "a\tb", "\u20ac"])
def test_a_key_that_no_header_can_carry_is_invalid(server, key):
    """It is said before anything is sent."""
    refused(lambda: launch(EnrowClient(key, base_url=server.url)), errors.InvalidKey)
    assert server.sandbox.requests == {}


# Bodies that nobody documented.

HOSTILE = [
    b"",
    b" ",
    b"null",
    b"[]",
    b"7",
    b'"text"',
    b"{",
    b"<html>",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"id": null, "credits": true}',
    b'{"id": {"x": 1}, "credits": [1]}',
    b'{"id": "", "credits": "NaN"}',
    b'{"credits": 1e1000000, "message": 7}',
    b'{"credits": -Infinity}',
    b'{"credits": ' + b"9" * 5000 + b"}",
    b'{"general": {"status": "who knows"}}',
    b'{"general": "completed"}',
    b"x" * 3_000_000,
    b'{"message": "n\\u00b0' + b"9" * 400 + b'", "qualification": []}',
]


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: str(body[:24]))
@pytest.mark.parametrize("status", [200, 201, 400, 401, 402, 403, 404, 413, 422, 429, 500, 502])
def test_a_hostile_body_never_raises_anything_but_ours(status, body):
    """Whatever stands at Enrow's address: an EnrowError, and no result out of nothing."""
    with Stranger(http(status, body)) as stranger:
        client = EnrowClient("k", base_url=stranger.url, timeout=TIMEOUT, session=requests.Session())
        calls = [lambda: launch(client), client.account]
        calls += [lambda bulk=bulk: client.fetch(Kind.FIND_EMAIL, "x", bulk=bulk) for bulk in (False, True)]
        for call in calls:
            with pytest.raises(errors.EnrowError):
                call()


@pytest.mark.parametrize("minutes", ["1e999", "NaN", "null", '"soon"', "1" + "0" * 400, "true"])
def test_a_strange_estimate_does_not_lose_the_search(minutes):
    """What is not guaranteed cannot cost what was paid for."""
    with Stranger(http(201, f'{{"id": "x", "credits_used": 3, "estimated_duration": {minutes}}}'.encode())) as stranger:
        accepted = launch(EnrowClient("k", base_url=stranger.url), count=2)
    assert (accepted.id, accepted.estimated_minutes) == ("x", None)


def test_a_fraction_of_a_minute_is_an_estimate():
    """``1.5`` is read as it is."""
    with Stranger(http(201, b'{"id": "x", "estimated_duration": 1.5}')) as stranger:
        assert launch(EnrowClient("k", base_url=stranger.url), count=2).estimated_minutes == 1.5


def test_a_post_does_not_go_out_on_a_connection_that_is_being_closed():
    """On a kept connection that the server closes at this moment, a search would be lost and stand unconfirmed."""
    with Lingering(b'{"id": "a-search"}') as server, EnrowClient("k", base_url=server.url, timeout=TIMEOUT) as client:
        assert [launch(client).id for _ in range(3)] == ["a-search"] * 3
        assert len(server.bodies) == 3


def test_the_session_is_an_argument_and_is_closed():
    """A host project brings its own session: proxies, certificates, tracing."""
    session = new_session()
    closed = []
    session.close = lambda: closed.append(True)
    with EnrowClient("k", session=session):
        pass
    assert closed == [True]
