"""A file of leads that somebody uploaded, and what its check and its import came to."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.rows import OwnQuerySet


class FileImportQuerySet(OwnQuerySet["FileImport"]):
    """Files by what is to be done about them."""

    def due(self) -> FileImportQuerySet:
        """Those that nobody checks or imports, and somebody should."""
        return self.filter(state__in=FileImport.WORKING, next_work_at__lte=timezone.now()).order_by("next_work_at")

    def claim(self, pk: uuid.UUID, *, lease: dt.timedelta) -> bool:
        """Take a file to work on it; a lease that has run out means that its worker died."""
        return bool(
            self.due()
            .order_by()
            .filter(pk=pk)
            .update(
                claims=F("claims") + 1, claims_without_progress=F("claims_without_progress") + 1,
                next_work_at=timezone.now() + lease,
            )
        )  # fmt: skip

    def decide(self, file: FileImport, state: str, **values: object) -> bool:
        """Let a file go to another state, as a person saw it; return whether nobody else decided meanwhile."""
        seen = self.filter(pk=file.pk, state=file.state, claims=file.claims)
        return bool(seen.update(state=state, next_work_at=timezone.now(), claims_without_progress=0, **values))

    def cancel(self, note: str) -> int:
        """End files that have not ended; return how many. What a check has counted was not imported."""
        ended = {"state": FileImport.State.CANCELLED, "ended_at": timezone.now(), "preview": {}, "note": note[:300]}
        unconfirmed = self.filter(state__in=[FileImport.State.CHECKING, FileImport.State.READY])
        number = unconfirmed.update(**ended, rows=0, rows_in_file=None, counts={})
        return number + self.filter(state=FileImport.State.IMPORTING).update(**ended)


class FileImport(models.Model):
    """A file: uploaded, checked by a worker, confirmed by a person, imported by a worker."""

    class State(models.TextChoices):
        CHECKING = "checking", _("being checked")
        READY = "ready", _("waits for you")
        IMPORTING = "importing", _("being imported")
        FINISHED = "finished", _("imported")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    WORKING: ClassVar[tuple[str, ...]] = (State.CHECKING, State.IMPORTING)
    ENDED: ClassVar[tuple[str, ...]] = (State.FINISHED, State.FAILED, State.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.CharField(_("model"), max_length=100, help_text=_("Label of the leads' model."))
    name = models.CharField(_("file"), max_length=200)
    # Bytes, and how many of them were read.
    size = models.BigIntegerField(_("size"), default=0)
    read = models.BigIntegerField(default=0, editable=False)
    # The primary key of the user as text: nobody else sees the file.
    user = models.CharField(max_length=128, editable=False)
    requested_by = models.CharField(_("requested by"), max_length=150, blank=True)
    update = models.BooleanField(_("update leads that are there"), default=False)
    # What a person says of columns, like "Record ID=crm_id".
    chosen = models.JSONField(default=list, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.CHECKING)
    note = models.CharField(_("note"), max_length=300, blank=True)
    # What the check found: columns, and the first rows to come. Gone when the file is, the titles with the notes.
    preview = models.JSONField(default=dict, editable=False)
    # What checking, or importing, came to so far.
    counts = models.JSONField(default=dict, editable=False)
    # Rows that were read, those of the whole file as soon as it is checked, and the last line that is done.
    rows = models.PositiveIntegerField(_("rows"), default=0)
    rows_in_file = models.PositiveIntegerField(null=True, editable=False)
    line = models.BigIntegerField(default=0, editable=False)
    claims = models.PositiveIntegerField(default=0, editable=False)
    claims_without_progress = models.PositiveIntegerField(default=0, editable=False)
    next_work_at = models.DateTimeField(default=timezone.now, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = FileImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of a file")
        verbose_name_plural = _("imports of files")
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user", "-created_at"], name="leads_fileimport_user"),
            models.Index(fields=["created_at"], name="leads_fileimport_created"),
            # Few are in these two.
            models.Index(
                fields=["next_work_at"],
                name="leads_fileimport_open",
                condition=models.Q(state__in=["checking", "importing"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.pk}"


class FilePartQuerySet(OwnQuerySet["FilePart"]):
    """Parts of files."""


class FilePart(models.Model):
    """Some bytes of a file. All parts of a file but the last one are equally long."""

    id = models.BigAutoField(primary_key=True)
    file = models.ForeignKey(FileImport, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    objects = FilePartQuerySet.as_manager()

    class Meta:
        verbose_name = _("part of a file")
        verbose_name_plural = _("parts of files")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["file", "number"], name="leads_filepart_number")
        ]

    def __str__(self) -> str:
        return f"{self.file_id} {self.number}"


class FileNoteQuerySet(OwnQuerySet["FileNote"]):
    """What is to be told of rows of files."""


class FileNote(models.Model):
    """Why a row of a file is refused, or what is to be told of one that came in."""

    id = models.BigAutoField(primary_key=True)
    file = models.ForeignKey(FileImport, on_delete=models.CASCADE, related_name="+", db_index=False)
    line = models.BigIntegerField()
    is_refused = models.BooleanField()
    sentence = models.TextField()
    # The cells of a refused row as JSON; blank where it could not be read.
    cells = models.TextField(blank=True)

    objects = FileNoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("note on a row of a file")
        verbose_name_plural = _("notes on rows of files")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["file", "id"], name="leads_filenote_file")]

    def __str__(self) -> str:
        return f"{self.file_id} {self.line}"
