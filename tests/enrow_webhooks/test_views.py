"""The one URL that Enrow calls: 200 means stored, whatever the project around it does."""

from __future__ import annotations

import contextlib
import io
import os
import sqlite3
import subprocess
import sys
import threading
import uuid

import pytest
from django.db import connection, connections
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse, set_script_prefix

from enrow_webhooks.inbox.addresses import callback_url, sign
from enrow_webhooks.models import WebhookEvent
from tests.conftest import PAYLOADS
from tests.enrow_webhooks.support import ROOT, gunicorn, talk

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "a-secret-that-is-long-enough-1"
JOB = "5f0d3a43-6f5c-4f5c-9a64-0d7d1a8f5a11"
BODY = (PAYLOADS / "webhooks/single_search_finished.json").read_bytes()
SIX = [path.stem for path in sorted((PAYLOADS / "webhooks").glob("*.json"))]


def url(token: str | None = None) -> str:
    return reverse("enrow_webhooks:webhook", args=[token or sign(JOB)])


def deliver(body: bytes = BODY, path: str | None = None, *, client: Client | None = None, **headers):
    content_type = headers.pop("content_type", "application/json")
    return (client or Client()).generic("POST", path or url(), body, content_type, **headers)


def rows() -> int:
    return WebhookEvent.objects.count()


def read_first(get_response):
    """Be a middleware that logs bodies."""

    def middleware(request):
        assert isinstance(request.body, bytes)
        return get_response(request)

    return middleware


# What is stored.


@pytest.mark.parametrize("name", SIX)
@pytest.mark.parametrize("by", ["reference", "secret"])
def test_a_documented_event_is_stored_and_answered_200(enrow, name, by):
    """Exactly 200 and JSON, for each of the six, proved by its reference or by the shared secret."""
    enrow(WEBHOOK_SECRETS=[SECRET])
    body = (PAYLOADS / f"webhooks/{name}.json").read_bytes()
    answer = deliver(body, url(SECRET) if by == "secret" else None)
    assert (answer.status_code, answer.json()) == (200, {"stored": True})
    row = WebhookEvent.objects.get()
    assert (row.event, row.payload.encode(), row.reference) == (name, body, "" if by == "secret" else JOB)


def test_a_repeat_is_answered_200_and_counted():
    """Duplicates are Enrow's right."""
    assert [deliver().status_code for _ in range(3)] == [200, 200, 200]
    assert WebhookEvent.objects.get().deliveries == 3


def test_a_copy_on_each_of_two_urls_is_an_event_of_its_own(enrow):
    """The order in which Enrow's two URLs are called does not matter, and repeats are counted for each."""
    enrow(WEBHOOK_SECRETS=[SECRET])
    deliver(path=url(SECRET))
    deliver()
    deliver(path=url(SECRET))
    assert dict(WebhookEvent.objects.values_list("reference", "deliveries")) == {"": 2, JOB: 1}


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "text/plain"},
        {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": "multipart/form-data; boundary=x"},
        {"content_type": ""},
        {"content_type": "application/json; charset=latin-1"},
        {"HTTP_ACCEPT": "text/html"},
        {"HTTP_ACCEPT": "nonsense"},
        {"HTTP_AUTHORIZATION": "Bearer x"},
        {"HTTP_COOKIE": "sessionid=x"},
        {"HTTP_ORIGIN": "https://evil.io"},
        {"HTTP_X_HTTP_METHOD_OVERRIDE": "GET"},
        {"QUERY_STRING": "format=xml"},
        {"HTTP_EXPECT": "100-continue"},
    ],
)
def test_no_header_of_the_sender_costs_an_event(headers):
    """Enrow documents none of its headers."""
    assert deliver(**headers).status_code == 200


# The project around it.


@pytest.mark.parametrize(
    "middleware",
    [
        [
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.auth.middleware.LoginRequiredMiddleware",
        ],
        ["django.middleware.csrf.CsrfViewMiddleware"],
        ["tests.enrow_webhooks.test_views.read_first"],
        [
            "django.middleware.gzip.GZipMiddleware",
            "django.middleware.http.ConditionalGetMiddleware",
            "django.middleware.common.CommonMiddleware",
        ],
    ],
)
def test_middleware_of_the_project_does_not_turn_an_event_away(settings, middleware):
    """Neither a login, nor CSRF, nor a body that was read before."""
    settings.MIDDLEWARE = middleware
    answer = deliver(client=Client(enforce_csrf_checks=True))
    assert (answer.status_code, rows()) == (200, 1)


def read_twice(get_response):
    """Be a middleware that looks at the body, and then reads some of it as a file."""

    def middleware(request):
        assert request.body.startswith(request.read(5))
        return get_response(request)

    return middleware


def read_away(get_response):
    """Be a middleware that keeps a part of the body for itself."""

    def middleware(request):
        request.read(5)
        return get_response(request)

    return middleware


@pytest.mark.parametrize(("name", "status", "stored"), [("read_twice", 200, [BODY.decode()]), ("read_away", 400, [])])
def test_a_body_that_was_read_as_a_file_is_whole_or_refused(settings, name, status, stored):
    """What Django kept of it is stored whole; what is gone is no event, so Enrow sends it again."""
    settings.MIDDLEWARE = [f"tests.enrow_webhooks.test_views.{name}"]
    assert deliver().status_code == status
    assert [row.payload for row in WebhookEvent.objects.all()] == stored


@pytest.mark.parametrize("middleware", [[], ["tests.enrow_webhooks.test_views.read_first"]])
def test_a_body_that_ends_too_soon_is_refused(settings, middleware):
    """Also where a middleware read it before: a part that is JSON by chance is not the event."""
    settings.MIDDLEWARE = middleware
    headers = {"wsgi.input": io.BytesIO(BODY), "CONTENT_LENGTH": str(len(BODY) + 1)}
    assert deliver(**headers).status_code == 400
    assert rows() == 0


def rewrite(get_response):
    """Be a middleware that makes an answer of its own out of each."""
    return lambda request: HttpResponse("sorry", status=get_response(request).status_code)


def fail(get_response):
    """Be a middleware with a bug behind the view."""

    def middleware(request):
        get_response(request)
        raise ValueError("a bug of the host")

    return middleware


def shut(get_response):
    """Be a middleware that lets nobody in."""
    return lambda request: HttpResponse("closed", status=403)


@pytest.mark.parametrize(("name", "logged"), [("rewrite", False), ("fail", True), ("shut", True)])
def test_django_logs_what_the_host_did_and_not_what_the_view_answered(settings, caplog, name, logged):
    """Its line of our refusal quotes the secret, whichever object the answer is; the host's own faults are news."""
    settings.MIDDLEWARE = [f"tests.enrow_webhooks.test_views.{name}"]
    deliver(path=url("wrong"), client=Client(raise_request_exception=False))
    lines = [record for record in caplog.records if record.name == "django.request"]
    assert bool(lines) is logged


def test_django_logs_other_addresses_as_ever(caplog):
    """The filter is for our view alone."""
    assert Client().get("/no-such-page/").status_code == 404
    assert "Not Found: /no-such-page/" in caplog.text


def test_a_site_below_a_prefix_signs_urls_that_lead_back(settings, enrow):
    """FORCE_SCRIPT_NAME is part of the URL that Enrow is given."""
    settings.FORCE_SCRIPT_NAME = "/crm"
    enrow(WEBHOOK_ORIGIN="https://example.com")
    set_script_prefix("/crm/")
    try:
        given = callback_url(JOB)
        assert given == f"https://example.com/crm/webhooks/enrow/{sign(JOB)}/"
        answer = Client().generic("POST", given.removeprefix("https://example.com/crm"), BODY, "application/json")
        assert answer.status_code == 200
    finally:
        set_script_prefix("/")


def another_connection_sees(get_response):
    """Be a middleware that looks, from outside, as soon as the view has answered."""

    def middleware(request):
        response = get_response(request)
        seen = []

        def look():
            seen.append(rows())
            connections.close_all()

        thread = threading.Thread(target=look)
        thread.start()
        thread.join(20)
        response["X-Rows"] = str(seen[0])
        return response

    return middleware


@pytest.mark.parametrize("atomic", [False, True])
def test_the_row_is_committed_before_the_answer(settings, monkeypatch, atomic):
    """Another connection sees it while the answer is still inside the project, also with ATOMIC_REQUESTS."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", atomic)
    settings.MIDDLEWARE = ["tests.enrow_webhooks.test_views.another_connection_sees"]
    answer = deliver()
    assert (answer.status_code, answer["X-Rows"]) == (200, "1")


# Who is turned away.


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/enrow/stranger/",
        "/webhooks/enrow/stranger",
        "/webhooks/enrow/%00/",
        "/webhooks/enrow/%ED%A0%80/",
        "/webhooks/enrow/%F0%9F%98%80/",
        f"/webhooks/enrow/{JOB}/",
        f"/webhooks/enrow/{JOB}.signature/",
    ],
)
def test_a_stranger_gets_404_and_leaves_nothing(path):
    """POST, GET and HEAD alike; the answer tells nothing."""
    for method in ("POST", "GET", "HEAD"):
        answer = Client().generic(method, path, BODY, "application/json")
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")
    assert rows() == 0


def test_get_and_head_reveal_nothing():
    """Who opens the right URL learns that it is one: no job, no data, no change."""
    answer = Client().get(url())
    assert (answer.status_code, answer.json()) == (
        200,
        {"detail": "This is a webhook address for Enrow; it takes POST."},
    )
    assert Client().head(url()).content == b""
    assert JOB not in answer.text
    assert rows() == 0


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(method):
    """They do nothing."""
    assert Client().generic(method, url(), BODY).status_code == 405
    assert rows() == 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b'{"id": "x"}', b"\xff\xfe", b"a\x00b", b"[" * 100_000, b"<xml/>"]
)
def test_what_is_no_event_is_answered_400_in_json_and_not_kept(body):
    """Nobody can use it, nor tell whom it is about: it is only counted."""
    answer = deliver(body)
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])
    assert rows() == 0


def test_a_body_over_the_limit_is_answered_413_in_json(enrow):
    """Ours, not Django's 2.5 MB; nothing is stored."""
    enrow(MAX_BODY_BYTES=len(BODY))
    assert deliver().status_code == 200
    answer = deliver(BODY + b" ")
    assert (answer.status_code, list(answer.json())) == (413, ["detail"])
    assert rows() == 1


def test_a_body_over_djangos_own_limit_is_stored(settings, enrow):
    """DATA_UPLOAD_MAX_MEMORY_SIZE is about forms."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert deliver().status_code == 200


# When storing fails.


@pytest.fixture
def broken_table():
    """The inbox's table is away."""
    table = WebhookEvent._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table}_away RENAME TO {table}")


def test_an_event_that_cannot_be_stored_is_answered_503(broken_table, caplog):
    """Enrow counts the delivery as failed; the log has neither the person nor the secret."""
    answer = deliver()
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/json")
    assert "could not be stored" in caplog.text
    assert "dwight" not in caplog.text
    assert sign(JOB) not in caplog.text


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"x" * 2_000_000, 413)])
def test_a_refusal_does_not_log_the_secret(body, status, caplog):
    """Django's own log line would quote the path, and the path is the proof."""
    assert deliver(body).status_code == status
    assert caplog.text
    assert sign(JOB) not in caplog.text


# A real server.


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The demo project under gunicorn, with a database of its own; gives its address and its database's file."""
    folder = tmp_path_factory.mktemp("gunicorn")
    database = folder / "db.sqlite3"
    (folder / "gunicorn_settings.py").write_text(
        "from tests.settings import *\n"
        f"DATABASES = {{'default': {{'ENGINE': 'django.db.backends.sqlite3', 'NAME': {str(database)!r}}}}}\n"
        f"ENROW = ENROW | {{'MAX_BODY_BYTES': 100_000, 'WEBHOOK_SECRETS': [{SECRET!r}]}}\n"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "gunicorn_settings", "PYTHONPATH": f"{folder}:{ROOT}"}
    manage = [sys.executable, str(ROOT / "manage.py"), "migrate", "-v", "0"]
    subprocess.run(manage, env=environment, check=True, capture_output=True)
    with gunicorn(environment, "--timeout", "60") as address:
        yield address, database


def head(*headers: str) -> bytes:
    lines = [
        f"POST /webhooks/enrow/{SECRET}/ HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        "Content-Type: application/json",
    ]
    return "\r\n".join([*lines, *headers, "", ""]).encode()


def status(answer: bytes) -> int:
    return int(answer.split()[1])


def fresh() -> bytes:
    return BODY.replace(b"910f3e13", uuid.uuid4().hex.encode())


def stored(database, body: bytes) -> bool:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        found = connection.execute("SELECT 1 FROM enrow_webhooks_webhookevent WHERE payload = ?", [body.decode()])
        return found.fetchone() is not None


def chunked(body: bytes, size: int = 50) -> list[bytes]:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return [*(b"%x\r\n%s\r\n" % (len(part), part) for part in parts), b"0\r\n\r\n"]


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0, 0.05])
def test_a_chunked_or_slow_body_is_stored(server, pause):
    """With a length, in chunks, at once or trickling: the same event."""
    address, database = server
    body = fresh()
    pieces = [body[:10], body[10:]]
    assert status(talk(address, head(f"Content-Length: {len(body)}"), *pieces, pause=pause)) == 200
    assert stored(database, body)
    body = fresh()
    assert status(talk(address, head("Transfer-Encoding: chunked"), *chunked(body), pause=pause)) == 200
    assert stored(database, body)


@pytest.mark.slow
def test_an_oversized_body_is_413_chunked_or_not(server):
    """A body without a length is read up to the limit and no further."""
    address, _ = server
    assert status(talk(address, head("Content-Length: 100001"))) == 413
    assert status(talk(address, head("Transfer-Encoding: chunked"), *chunked(b"x" * 150_000, 60_000))) == 413


@pytest.mark.slow
@pytest.mark.parametrize(
    ("headers", "pieces"),
    [
        (["Content-Length: 500"], [BODY[:100]]),
        (["Transfer-Encoding: chunked"], [b"64\r\n", BODY[:20]]),
        (["Transfer-Encoding: chunked"], [b"zz\r\n", BODY]),
    ],
)
def test_a_body_that_breaks_off_is_never_200(server, headers, pieces):
    """The sender is gone or confused: nothing of it is kept, and the next event finds the server well."""
    address, database = server
    answer = talk(address, head(*headers), *pieces, hang_up=True)
    assert not answer or status(answer) == 400
    with contextlib.closing(sqlite3.connect(database)) as connection:
        dead = connection.execute("SELECT count(*) FROM enrow_webhooks_webhookevent WHERE state = 'dead'").fetchone()
    assert dead == (0,)
    body = fresh()
    assert status(talk(address, head(f"Content-Length: {len(body)}"), body)) == 200


@pytest.mark.slow
def test_a_locked_database_is_503_under_a_real_server(server):
    """Somebody holds SQLite's one write lock for longer than the server waits: not 200, not 500."""
    address, database = server
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        body = fresh()
        assert status(talk(address, head(f"Content-Length: {len(body)}"), body)) == 503
        holder.execute("ROLLBACK")
    assert not stored(database, body)
