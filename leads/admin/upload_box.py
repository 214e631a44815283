"""What the page of an import shows and asks for again and again: state, bar, counts, columns, first rows, refusals."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.template.loader import render_to_string
from django.utils.formats import date_format, number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext as _

from leads.admin.columns import ColumnsForm, name_of
from leads.csvfiles.guards import cell_of
from leads.mapping import LeadMapping
from leads.models import FileImport, FileNote
from leads.uploads import following

State = FileImport.State
# Refused rows that the page names; the download has all.
_SHOWN = 20
_PAGE = 2000


def box(
    file: FileImport,
    mapping: LeadMapping | None,
    *,
    form: ColumnsForm | None,
    url: str,
    refused_url: str,
    list_url: str,
) -> SafeString:
    """Return what moves of a file. ``url`` answers with the same again."""
    done, most = following.share(file)
    preview = file.preview if file.state == State.READY else {}
    notes = [] if file.state in FileImport.WORKING else list(_notes(file)[: _SHOWN + 1])
    names = list(dict.fromkeys(name for row in preview.get("first_rows", []) for name in row))
    context = {
        "url": url,
        "refused_url": refused_url,
        "list_url": list_url if file.state == State.FINISHED else "",
        "state": str(file.get_state_display()).capitalize(),
        "sentence": _sentence(file),
        "is_open": file.state in FileImport.WORKING,
        "is_ready": file.state == State.READY,
        "done": most if file.state == State.FINISHED else done,
        "most": most,
        "counts": list(_counts(file)),
        "trouble": _trouble(file),
        "told": preview.get("told", []),
        "notes": notes[:_SHOWN],
        "more": len(notes) > _SHOWN,
        "names": name_of(mapping, names) if mapping else names,
        "first_rows": [[row.get(name, "") for name in names] for row in preview.get("first_rows", [])],
        "form": form,
        "seen": file.claims,
        "can_import": bool(preview.get("columns")),
    }
    return mark_safe(render_to_string("admin/leads/file_box.html", context))  # noqa: S308 - a template of ours


def note_lines(file: FileImport) -> Iterator[str]:
    """Yield all that is told of rows, page by page, as CSV that no spreadsheet runs; refused rows with their cells.

    So it can be corrected and uploaded again: the first columns are no field of a lead.
    """
    titles = file.preview.get("titles", [])
    yield "\ufeff"
    yield _csv([[_("row"), _("what"), _("reason"), *map(cell_of, titles)]])
    told = {True: _("refused"), False: _("imported, with a remark")}
    after = 0
    while page := list(_notes(file).filter(pk__gt=after)[:_PAGE]):
        cells = [json.loads(note.cells) if note.cells and titles else [] for note in page]
        yield _csv(
            [str(note.line), told[note.is_refused], cell_of(note.sentence), *map(cell_of, row)]
            for note, row in zip(page, cells, strict=True)
        )
        after = page[-1].pk


def _notes(file: FileImport) -> Any:  # noqa: ANN401 - a queryset
    return FileNote.objects.filter(file=file).order_by("pk")


def _csv(rows: Iterable[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _sentence(file: FileImport) -> str:
    numbers = {"rows": number_format(file.rows), "all": number_format(file.rows_in_file or 0)}
    sentences = {
        State.CHECKING: _("%(rows)s rows were looked at. Nothing is imported yet."),
        State.READY: _("%(all)s rows were looked at. Nothing is imported yet."),
        State.IMPORTING: _("%(rows)s of %(all)s rows are done."),
        State.FINISHED: _("%(rows)s of %(all)s rows are done."),
        State.FAILED: _("%(rows)s rows were done before it ended."),
        State.CANCELLED: _("%(rows)s rows were done before it ended."),
    }
    if file.rows_in_file is None and file.state in FileImport.ENDED:
        return _("Nothing was imported.")
    return str(sentences[State(file.state)]) % numbers


def _counts(file: FileImport) -> Iterator[tuple[str, str]]:
    counts = file.counts
    will_be = file.state == State.READY
    names = [
        (_("New leads") if not will_be else _("Will be new leads"), "created"),
        (_("Updated") if not will_be else _("Will be updated"), "updated"),
        (_("There already, left alone"), "kept"),
        (_("Refused") if not will_be else _("Will be refused"), "bad"),
        (_("Come in with a remark"), "remarked"),
    ]
    for name, key in names:
        if key in ("created", "bad") or counts.get(key):
            yield name, number_format(counts.get(key, 0))


def _trouble(file: FileImport) -> str:
    """Return why nothing moves, or what went wrong, for a person who is no administrator."""
    since = following.waits_since(file)
    if since is None:
        return file.note
    time = date_format(localtime(since) if is_aware(since) else since, "TIME_FORMAT")
    told = _("It has been waiting for a worker since %s. Nothing is lost. If this stays so, tell your administrator.")
    return f"{file.note} {told % time}".strip()
