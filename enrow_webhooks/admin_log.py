"""What people and their programs decide, in the admin's own log: who, when, about which row. Never a found value."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest
from rest_framework.request import Request

# What the admin's log calls a change. Its module can be imported only where the admin is installed.
_CHANGE = 2
# Rows that get an entry each; of more, one entry says how many.
MOST = 200


def note(request: HttpRequest | Request, model: type[Model], rows: Collection[Model], message: str) -> None:
    """Write down a decision about rows of a model. An entry names its row as the row names itself.

    Nothing where the project has no admin, or its API lets somebody in who is no user of Django.
    """
    if not rows or not _has_log(request):
        return
    if len(rows) > MOST:
        note_all(request, model, f"{message} ({len(rows)} rows)")
        return
    log = apps.get_model("admin", "LogEntry")
    log.objects.bulk_create(
        log(**_common(request, model, message), object_id=str(row.pk), object_repr=str(row)[:200]) for row in rows
    )


def note_all(request: HttpRequest | Request, model: type[Model], message: str) -> None:
    """Write down a decision about rows of a model that are not named."""
    name = str(model._meta.verbose_name_plural)[:200]
    apps.get_model("admin", "LogEntry").objects.create(**_common(request, model, message), object_repr=name)


def _has_log(request: HttpRequest | Request) -> bool:
    return apps.is_installed("django.contrib.admin") and isinstance(request.user, get_user_model())


def _common(request: HttpRequest | Request, model: type[Model], message: str) -> dict[str, Any]:
    kind = ContentType.objects.get_for_model(model, for_concrete_model=False)
    return {"user_id": request.user.pk, "content_type_id": kind.pk, "action_flag": _CHANGE, "change_message": message}
