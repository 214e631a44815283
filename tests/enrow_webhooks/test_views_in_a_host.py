"""The host's defaults for its own API do not reach the webhook URL: the view owns whatever decides its answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from enrow_webhooks.views import WebhookView
from tests.enrow_webhooks.support import ROOT
from tests.host.probe import PERSON, SECRET

HOSTILE = "tests.host.hostile"
# What a host may set for its own API, by what it meets on the way of a request through the view.
DEFAULTS = {
    "handler that raises": {"EXCEPTION_HANDLER": f"{HOSTILE}.refuse"},
    "handler that returns None": {"EXCEPTION_HANDLER": f"{HOSTILE}.answer_none"},
    "handler that answers 200": {"EXCEPTION_HANDLER": f"{HOSTILE}.answer_200"},
    "renderer": {"DEFAULT_RENDERER_CLASSES": [f"{HOSTILE}.Renderer"]},
    "parser": {"DEFAULT_PARSER_CLASSES": [f"{HOSTILE}.Parser"]},
    "negotiation": {"DEFAULT_CONTENT_NEGOTIATION_CLASS": f"{HOSTILE}.Negotiation"},
    "throttle": {"DEFAULT_THROTTLE_CLASSES": [f"{HOSTILE}.Throttle"]},
    "authentication": {"DEFAULT_AUTHENTICATION_CLASSES": [f"{HOSTILE}.Authentication"]},
    "permission": {"DEFAULT_PERMISSION_CLASSES": [f"{HOSTILE}.Permission"]},
    "versioning": {"DEFAULT_VERSIONING_CLASS": f"{HOSTILE}.Versioning", "ALLOWED_VERSIONS": ["9"]},
    "metadata": {"DEFAULT_METADATA_CLASS": f"{HOSTILE}.Metadata"},
    "schema": {"DEFAULT_SCHEMA_CLASS": f"{HOSTILE}.Schema"},
    "nobody's user": {"UNAUTHENTICATED_USER": f"{HOSTILE}.refuse"},
    "nobody's token": {"UNAUTHENTICATED_TOKEN": f"{HOSTILE}.refuse"},
    "format": {"FORMAT_SUFFIX_KWARG": "token", "URL_FORMAT_OVERRIDE": "q"},
    "names": {"VIEW_NAME_FUNCTION": f"{HOSTILE}.refuse", "VIEW_DESCRIPTION_FUNCTION": f"{HOSTILE}.refuse"},
    "JSON": {"COMPACT_JSON": False, "UNICODE_JSON": False, "STRICT_JSON": False},
    "key of errors": {"NON_FIELD_ERRORS_KEY": "errors"},
}
TOGETHER = {key: value for defaults in DEFAULTS.values() for key, value in defaults.items()}
JSON = "application/json"
EXPECTED = {
    "good": [200, JSON, '{"stored":true}'],
    "format": [200, JSON, '{"stored":true}'],
    "stranger": [404, JSON, '{"detail":"Not found."}'],
    "broken": [400, JSON, '{"detail":"The body is not JSON in UTF-8."}'],
    "too large": [413, JSON, '{"detail":"The body is larger than this site accepts."}'],
    "GET": [200, JSON, '{"detail":"This is a webhook address for Enrow; it takes POST."}'],
    "HEAD": [200, JSON, ""],
    "PUT": [405, JSON, '{"detail":"Method \\"PUT\\" not allowed."}'],
    "OPTIONS": [405, JSON, '{"detail":"Method \\"OPTIONS\\" not allowed."}'],
    "GET by a stranger": [404, JSON, '{"detail":"Not found."}'],
    "refused": [503, JSON, '{"detail":"The event could not be stored; send it again."}'],
    "gone": [503, JSON, '{"detail":"The event could not be stored; send it again."}'],
    "gone, stranger": [404, JSON, '{"detail":"Not found."}'],
}


def probe(folder, defaults, *, debug=True, arguments=()):
    """Run the host with these defaults; return its answers, its rows and what it logged."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.host.settings",
        "HOST_DEBUG": str(int(debug)),
        "HOST_DATABASE": str(folder / "db.sqlite3"),
        "HOST_REST_FRAMEWORK": json.dumps(defaults),
    }
    command = [sys.executable, "-m", "tests.host.probe", *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout) | {"log": done.stderr}


def assert_own(found):
    """Every answer is the view's own, the rows are there, and nothing is told."""
    assert found["answers"] == EXPECTED
    assert [state for _, state in found["rows"]] == ["received", "received"]
    assert [name for name, _ in found["rows"]] == ["1", "2"]
    assert found["log"].count("could not be stored:") == 2
    told = json.dumps(found)
    assert SECRET not in told
    assert PERSON not in told


@pytest.mark.slow
@pytest.mark.parametrize("debug", [True, False])
def test_all_defaults_of_the_host_together_change_no_answer(tmp_path, debug):
    """The worst host, in development and in production."""
    assert_own(probe(tmp_path, TOGETHER, debug=debug))


@pytest.mark.slow
def test_no_request_reads_a_setting_of_the_hosts_api(tmp_path):
    """None of those above by itself, and none that a later version of REST framework brings: reading any raises."""
    assert_own(probe(tmp_path, {}, arguments=["guarded"]))


def test_no_class_of_the_hosts_api_is_inherited():
    """What REST framework takes from the host when it is imported, the view and its renderer declare themselves."""
    from_host = {name for name in vars(APIView) if name.endswith(("_class", "_classes"))}
    assert len(from_host) >= 8
    assert from_host | {"schema"} <= set(vars(WebhookView))
    [renderer] = WebhookView.renderer_classes
    assert {"compact", "ensure_ascii", "strict"} <= set(vars(renderer))
    assert {"compact", "ensure_ascii", "strict"} <= set(vars(JSONRenderer))


@pytest.mark.parametrize(
    ("error", "status"),
    [(Http404("secret"), 404), (PermissionDenied("secret"), 403), (Throttled(5), 429), (ValidationError("no"), 400)],
)
def test_an_error_with_a_status_keeps_it(error, status):
    """Whatever raises it: the body is always ``{"detail": …}``, and tells nothing of an error of Django."""
    answer = WebhookView().get_exception_handler()(error, {})
    assert answer.status_code == status
    assert list(answer.data) == ["detail"]
    assert "secret" not in str(answer.data)
