"""Ask the webhook URL of the host everything, and print the answers: ``python -m tests.host.probe [guarded]``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from rest_framework.settings import api_settings

SECRET = "a-secret-that-is-long-enough-1"
PERSON = "dwight@example.com"
TRIGGER = """
CREATE TRIGGER no_events BEFORE INSERT ON enrow_webhooks_webhookevent
BEGIN SELECT RAISE(ABORT, 'no events'); END
"""


class Guard(dict):
    """A REST_FRAMEWORK that nobody may read."""

    def __getitem__(self, key):
        raise AssertionError(f"the view reads the host's {key}")


def ask(method, token=SECRET, body=b"", query=""):
    path = reverse("enrow_webhooks:webhook", args=[token]) + query
    try:
        answer = Client(raise_request_exception=False).generic(method, path, body, "application/json")
    except Exception as error:
        return ["raised", type(error).__name__, str(error)]
    return [answer.status_code, answer.headers.get("Content-Type", ""), answer.content.decode()]


def event(name):
    return json.dumps({"event": "e", "id": name, "email": PERSON}).encode()


def normal():
    """Return the answers of a host whose database works."""
    return {
        "good": ask("POST", body=event("1")),
        "format": ask("POST", body=event("2"), query="?format=xml&q=xml"),
        "stranger": ask("POST", "wrong-token", event("3")),
        "broken": ask("POST", body=b'{"broken'),
        "too large": ask("POST", body=b"x" * 10_001),
        **{method: ask(method) for method in ("GET", "HEAD", "PUT", "OPTIONS")},
        "GET by a stranger": ask("GET", "wrong-token"),
    }


def broken():
    """Return the answers of a host whose database refuses the row, and then is no database any more."""
    connection.cursor().execute(TRIGGER)
    refused = ask("POST", body=event("4"))
    connection.close()
    Path(settings.DATABASES["default"]["NAME"]).write_bytes(b"no database" * 1000)
    return {"refused": refused, "gone": ask("POST", body=event("5")), "gone, stranger": ask("POST", "wrong-token")}


def main():
    django.setup()
    call_command("migrate", verbosity=0)
    if sys.argv[1:] == ["guarded"]:
        reverse("enrow_webhooks:webhook", args=[SECRET])  # imports the view: what it takes as a class, it has now
        settings.REST_FRAMEWORK = Guard()
        api_settings.reload()
    answers = normal()
    with connection.cursor() as cursor:
        cursor.execute("SELECT enrow_id, state FROM enrow_webhooks_webhookevent ORDER BY id")
        rows = cursor.fetchall()
    print(json.dumps({"answers": answers | broken(), "rows": rows}))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.host.settings")
    main()
