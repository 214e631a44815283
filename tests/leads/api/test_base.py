"""Who may ask at all, and what a host's own settings change: who, how often, and what an error looks like; no more."""

from __future__ import annotations

import base64

import pytest
from django.db import connection
from django.test import Client
from django.urls import get_resolver, reverse
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.response import Response

from leads.models import EnrichmentRun, Lead, LeadSearch
from tests.leads.api.client import ALL, Program, program, told, user

pytestmark = pytest.mark.django_db
BODY = {"model": "leads.lead", "find": ["email"], "max_credits": "10", "all": True}
NOWHERE = "00000000-0000-4000-8000-000000000000"


def paths():
    """Return every address of the API, with the methods that it takes."""
    (api,) = (one for one in get_resolver().url_patterns if getattr(one, "app_name", "") == "leads_api")
    values = {"pk": NOWHERE, "model": "leads.lead", "crm_id": "lead-0"}
    for one in api.url_patterns:
        names = one.pattern.converters
        url = reverse(f"leads_api:{one.name}", kwargs={name: values[name] for name in names})
        for method in one.callback.view_class.operations:
            yield method, url


WAYS = list(paths())


class Refuses(BaseAuthentication):
    def authenticate(self, request):
        raise AuthenticationFailed


class RefusesAll(BasePermission):
    message = "not you"

    def has_permission(self, request, view):
        return False


def answer_200(error, context):
    return Response({"code": getattr(error, "status_code", 500), "host": True}, status=200)


def answer(error, context):
    return Response({"error": {"code": error.status_code}}, status=error.status_code)


HERE = __name__
HOSTILE = {
    "everybody may do everything": {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]},
    "nobody asks who it is": {
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    },
    "a stranger is None": {"DEFAULT_AUTHENTICATION_CLASSES": [], "UNAUTHENTICATED_USER": None},
    "models' permissions": {
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.DjangoModelPermissionsOrAnonReadOnly"]
    },
    "reading is free": {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticatedOrReadOnly"]},
    "every error is 200": {"EXCEPTION_HANDLER": f"{HERE}.answer_200"},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_stranger_neither_reads_nor_spends(settings, make_leads, name):
    """Whatever the host allows on its own API; by no address, by no method."""
    settings.REST_FRAMEWORK = HOSTILE[name]
    make_leads(1, email="ann@firm.com")
    stranger = Client()
    for method, url in [
        *WAYS,
        *((other, url) for _method, url in WAYS for other in ("OPTIONS", "HEAD", "PUT", "DELETE")),
    ]:
        response = stranger.generic(method, url, b'{"max_credits": 10}', content_type="application/json")
        assert response.status_code in {401, 403} or b'"host":true' in response.content or not response.content
        assert b"ann@firm.com" not in response.content
    Program().post("runs/", BODY)
    assert not EnrichmentRun.objects.exists()


def test_who_has_no_permission_is_let_in_nowhere_but_to_an_empty_list(make_leads):
    """Logged in, and nothing else: the list of models is empty, everything else is refused or not there."""
    make_leads(1)
    clerk = program()
    for method, url in WAYS:
        response = clerk.client.generic(method, url, b'{"max_credits": 10}', content_type="application/json")
        expected = {200} if url.endswith("/models/") else {404} if "/models/" in url else {403}
        assert {response.status_code} == expected, (method, url)
        assert url.endswith("/models/") is (response.content == b'{"results":[]}')


def test_no_right_to_read_is_a_right_to_write(make_leads):
    """Who may view everything asks for nothing, and decides nothing."""
    make_leads(1)
    run = EnrichmentRun.objects.create(model="leads.lead", kinds="find_email")
    reader = program(
        *(f"view_{model}" for model in ("lead", "enrichmentrun", "searchjob", "leadsearch")), "change_lead"
    )
    told(reader.get(f"runs/{run.pk}/"))
    for body in (BODY, {}, {"max_credits": 1}):
        told(reader.post("runs/", body), 403)
        told(reader.post("estimates/", body), 403)
    for action in ("pause", "resume", "cancel"):
        told(reader.post(f"runs/{run.pk}/{action}/"), 403)
    assert EnrichmentRun.objects.get().state == "planning"
    assert not LeadSearch.objects.exists()


@pytest.mark.parametrize(
    "host",
    [
        {"DEFAULT_AUTHENTICATION_CLASSES": [f"{HERE}.Refuses"]},
        {"DEFAULT_PERMISSION_CLASSES": [f"{HERE}.RefusesAll"]},
        {"DEFAULT_THROTTLE_CLASSES": ["tests.host.hostile.Throttle"]},
    ],
    ids=["authentication", "permission", "throttle"],
)
def test_what_the_host_asks_for_is_asked_here_too(settings, host):
    """A second factor, a list of addresses, a limit for everybody: they hold for every address."""
    ann = program(*ALL)
    settings.REST_FRAMEWORK = host
    for method, url in WAYS:
        response = ann.client.generic(method, url, b"{}", content_type="application/json")
        assert response.status_code in {401, 403, 429}, (method, url)


SPEAKS = {
    "DEFAULT_RENDERER_CLASSES": ["tests.host.hostile.Renderer"],
    "DEFAULT_PARSER_CLASSES": ["tests.host.hostile.Parser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "tests.host.hostile.Negotiation",
    "DEFAULT_VERSIONING_CLASS": "tests.host.hostile.Versioning",
    "DEFAULT_METADATA_CLASS": "tests.host.hostile.Metadata",
    "DEFAULT_SCHEMA_CLASS": "tests.host.hostile.Schema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 1,
    "DEFAULT_FILTER_BACKENDS": ["tests.host.hostile.Authentication"],
    "COERCE_DECIMAL_TO_STRING": False,
    "DATETIME_FORMAT": "%s",
    "UNICODE_JSON": False,
    "STRICT_JSON": False,
    "COMPACT_JSON": False,
    "NON_FIELD_ERRORS_KEY": "oops",
    "URL_FORMAT_OVERRIDE": "limit",
    "FORMAT_SUFFIX_KWARG": "model",
}


def test_the_host_changes_nothing_of_what_is_spoken(settings, make_leads):
    """Renderers, parsers, versions, pages, formats of numbers and times: all of it is ours."""
    make_leads(3)
    ann = program(*ALL)
    settings.REST_FRAMEWORK = SPEAKS
    run = ann.post("runs/", BODY, Accept="text/html")
    assert (told(run, 202)["max_credits"], run["Content-Type"]) == ("10.00", "application/json")
    assert told(run, 202)["created_at"].startswith("20")
    assert len(told(ann.get("models/leads.lead/leads/", {"limit": 2}))["results"]) == 2
    assert ann.client.options("/api/leads/runs/").status_code == 200
    told(ann.post("runs/", '{"max_credits": NaN}'), 400)


def test_the_hosts_handler_gives_errors_their_form(settings):
    """As all other errors of the host."""
    ann = program(*ALL)
    settings.REST_FRAMEWORK = {"EXCEPTION_HANDLER": f"{HERE}.answer"}
    assert told(ann.get(f"runs/{NOWHERE}/"), 404) == {"error": {"code": 404}}
    assert told(ann.post("runs/", {}), 400) == {"error": {"code": 400}}


def test_a_session_needs_its_token(make_leads):
    """A page of somebody else cannot spend by the browser of who is logged in; reading needs none."""
    make_leads(1)
    ann = Program()
    ann.client = Client(enforce_csrf_checks=True)
    ann.client.force_login(user("ann", *ALL))
    told(ann.post("runs/", BODY), 403)
    assert not EnrichmentRun.objects.exists()
    told(ann.get("runs/"))
    ann.client.cookies["csrftoken"] = "a" * 32
    told(ann.post("runs/", BODY, **{"X-CSRFToken": "a" * 32}), 202)


def test_a_host_that_wants_a_login_everywhere_does_not_turn_programs_away(settings, make_leads):
    """Its middleware knows sessions only, and would send a program with a token to a page."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    make_leads(1)
    assert {Client().generic(method, url).status_code for method, url in WAYS} <= {401, 403}
    user("ann", *ALL)
    basic = base64.b64encode(b"ann:secret").decode()
    told(Program().post("runs/", BODY, Authorization=f"Basic {basic}"), 202)


@pytest.mark.parametrize("name", ["ann\x00", "\x00", "nobody"])
def test_a_name_that_is_nobodys_is_turned_away(name):
    """PostgreSQL takes no NUL: the host's own authentication would fail with 500."""
    basic = base64.b64encode(f"{name}:secret".encode()).decode()
    assert Program().get("runs/", Authorization=f"Basic {basic}").status_code in {401, 403}


def test_no_form_of_a_page_is_taken_for_a_request(make_leads):
    """Only JSON is read, which a form of another site cannot send."""
    make_leads(1)
    ann = program(*ALL)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = ann.client.generic("POST", "/api/leads/runs/", b'{"all": true}', content_type=kind)
        assert answer.status_code == 415


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_other_methods_do_nothing(method):
    """405 for who may ask; HEAD is as GET without a body."""
    ann = program(*ALL)
    for _method, url in WAYS:
        assert ann.client.generic(method, url).status_code == 405
    assert ann.client.head("/api/leads/runs/").status_code == 200
    assert Lead.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_request_in_a_transaction_of_the_host_is_committed_when_it_answers(settings, make_leads):
    """ATOMIC_REQUESTS: our views stand outside, so that workers see the run, and an error keeps no key."""
    make_leads(1)
    ann = program(*ALL)
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        told(ann.post("runs/", BODY, **{"Idempotency-Key": "1"}), 202)
        told(ann.post("runs/", BODY | {"max_credits": -1}, **{"Idempotency-Key": "2"}), 400)
        told(ann.post("runs/", BODY, **{"Idempotency-Key": "1"}), 202)
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False
    assert EnrichmentRun.objects.count() == 1
