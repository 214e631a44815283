"""A program that asks the API, as one user with some permissions."""

from __future__ import annotations

import json

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client

ALL = ("spend_credits", "view_lead", "view_found_values")


def user(name, *codenames):
    """Return a user with these permissions and no other."""
    made = User.objects.create_user(name, password="secret")
    made.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    assert made.user_permissions.count() == len(codenames)
    return made


class Program:
    """Asks by JSON; each answer is Django's response."""

    def __init__(self, asking=None):
        self.client = Client()
        if asking is not None:
            self.client.force_login(asking)

    def get(self, path, query=None, **headers):
        return self.client.get(f"/api/leads/{path}" if "/api/" not in path else path, query, headers=headers)

    def post(self, path, body=None, **headers):
        text = "" if body is None else body if isinstance(body, str | bytes) else json.dumps(body)
        kind = {"content_type": "application/json"}
        return self.client.post(f"/api/leads/{path}", text, headers=headers, **kind)


def program(*codenames, name="ann"):
    """Return a program of a new user with these permissions."""
    return Program(user(name, *codenames))


def told(response, status=200):
    """Return the JSON of an answer of this status."""
    assert response.status_code == status, (response.status_code, response.content[:500])
    return response.json()


def every_row(asking, path, query=None):
    """Follow a list to its end; return all of its rows."""
    page, rows = told(asking.get(path, query)), []
    while True:
        rows += page["results"]
        if page["next"] is None:
            return rows
        page = told(asking.get(page["next"].removeprefix("http://testserver")))


def logged(pk):
    """Return what the admin's log says that Ann decided about a row."""
    entries = LogEntry.objects.filter(object_id=str(pk), user__username="ann").order_by("pk")
    return list(entries.values_list("change_message", flat=True))
