"""What is left of uploaded files: the bytes go with the import, or after a day, and what was refused after a day."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from enrow_webhooks.client.words import holds
from enrow_webhooks.models import Heartbeat
from leads.models import FileImport, FileNote, FilePart

# How long a file waits to be confirmed, and its refused rows can be downloaded.
A_DAY = dt.timedelta(days=1)
# How long it is told that there was an import, by whom, and what it came to in numbers.
_REMEMBERED = dt.timedelta(days=90)
# Parts and notes that are deleted by one statement, and in one turn.
_PARTS, _NOTES, _MOST = 50, 10_000, 100
# Notes that are read, and deleted, by one statement.
_AT_ONCE = 500
_TURN = "uploaded files"
_EVERY = dt.timedelta(hours=1)


def delete_parts(file: uuid.UUID) -> None:
    """Delete the bytes of a file."""
    _delete(FilePart.objects.filter(file=file), _PARTS)


def delete_notes(file: uuid.UUID) -> None:
    """Delete what was told of the rows of a file."""
    _delete(FileNote.objects.filter(file=file), _NOTES)


def forget(words: Collection[str]) -> None:
    """Delete what is told of rows that hold one of these words, and the first rows of files that show one.

    The file itself goes within a day.
    """
    small = {word.casefold() for word in words}
    notes = FileNote.objects.only("pk", "sentence", "cells").iterator(chunk_size=_AT_ONCE)
    rows = [note.pk for note in notes if holds(f"{note.sentence}\n{note.cells}".casefold(), small)]
    for at in range(0, len(rows), _AT_ONCE):
        FileNote.objects.filter(pk__in=rows[at : at + _AT_ONCE]).delete()
    for file in FileImport.objects.exclude(preview={}):
        if holds(json.dumps(file.preview, ensure_ascii=False).casefold(), small):
            FileImport.objects.filter(pk=file.pk, claims=file.claims).update(preview=file.preview | {"first_rows": []})


def delete_in_turn() -> int:
    """Do what ``delete_old`` does, if nobody has within the hour."""
    return delete_old() if Heartbeat.objects.claim(_TURN, every=_EVERY) else 0


def delete_old(*, now: dt.datetime | None = None) -> int:
    """Cancel files that nobody confirmed within a day, and delete what is left of others; return how many."""
    now = now or timezone.now()
    waiting = FileImport.objects.exclude(state__in=FileImport.ENDED).filter(created_at__lt=now - A_DAY)
    # One that a worker is at has a lease that runs.
    waiting.filter(next_work_at__lt=now).cancel("Nobody confirmed it within a day, or no worker ran.")
    ended = FileImport.objects.filter(state__in=FileImport.ENDED)
    for pk in ended.filter(_has(FilePart)).values_list("pk", flat=True)[:_MOST]:
        delete_parts(pk)
    for pk in ended.filter(_has(FileNote), ended_at__lt=now - A_DAY).values_list("pk", flat=True)[:_MOST]:
        delete_notes(pk)
    ended.filter(ended_at__lt=now - A_DAY).exclude(preview={}).update(preview={})
    old = ended.filter(ended_at__lt=now - _REMEMBERED).values_list("pk", flat=True)[:_MOST]
    return FileImport.objects.filter(pk__in=list(old)).delete()[0]


def _has(rows: type[FilePart | FileNote]) -> Exists:
    return Exists(rows._default_manager.filter(file=OuterRef("pk")))


def _delete(rows: QuerySet[Any], at_once: int) -> None:
    while some := list(rows.order_by("pk").values_list("pk", flat=True)[:at_once]):
        rows.filter(pk__in=some).delete()
