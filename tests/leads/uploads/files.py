"""Uploaded files without a browser, and workers that die over them."""

from __future__ import annotations

from leads.models import FileImport
from leads.uploads import parts


class Killed(BaseException):
    """A worker that is gone: nothing of it runs any more."""


def upload(text: str | bytes, *, model: str = "leads.lead", update: bool = False, **values) -> FileImport:
    """Store a file as the browser's page does."""
    file = FileImport(model=model, name="leads.csv", user="1", requested_by="ann", update=update, **values)
    parts.store(file, [text.encode() if isinstance(text, str) else text])
    return file


def fresh(file: FileImport) -> FileImport:
    return FileImport.objects.get(pk=file.pk)


def confirm(file: FileImport) -> FileImport:
    """Confirm it, as a person does."""
    assert FileImport.objects.decide(fresh(file), "importing", line=0, rows=0, counts={})
    return fresh(file)
