"""What people decide in the admin, in Django's own log: who, when, about which row. Never a value that was found."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest

# Rows that get an entry each; of more, one entry says how many.
MOST = 200


def note(request: HttpRequest, model: type[Model], rows: Collection[Model], message: str) -> None:
    """Write down a decision about rows of a model. An entry names its row as the row names itself."""
    if not rows:
        return
    if len(rows) > MOST:
        note_all(request, model, f"{message} ({len(rows)} rows)")
        return
    LogEntry.objects.bulk_create(
        LogEntry(**_common(request, model, message), object_id=str(row.pk), object_repr=str(row)[:200]) for row in rows
    )


def note_all(request: HttpRequest, model: type[Model], message: str) -> None:
    """Write down a decision about rows of a model that are not named."""
    name = str(model._meta.verbose_name_plural)[:200]
    LogEntry.objects.create(**_common(request, model, message), object_repr=name)


def _common(request: HttpRequest, model: type[Model], message: str) -> dict[str, Any]:
    kind = ContentType.objects.get_for_model(model, for_concrete_model=False)
    return {"user_id": request.user.pk, "content_type_id": kind.pk, "action_flag": CHANGE, "change_message": message}
