"""Imports of files: what would become of a file, how far its import is, and what was refused."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.messages import SUCCESS, WARNING
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrow_webhooks import admin_log
from enrow_webhooks.admin import ReadOnlyAdmin, admin_page
from enrow_webhooks.wake import wake
from leads import sql
from leads.admin import live
from leads.admin.columns import ColumnsForm
from leads.admin.files import FilesMixin
from leads.admin.upload_box import box, note_lines
from leads.mapping import LeadMapping, registry
from leads.models import FileImport
from leads.tasks import import_files
from leads.uploads import leftovers

State = FileImport.State


@admin.register(FileImport)
class FileImportAdmin(ReadOnlyAdmin):
    """The files that somebody uploaded, for nobody else: they hold people, and the refusals quote them."""

    class Media:
        css = live.CSS
        js = live.JS

    list_display = ("created_at", "name", "model", "moving_state", "rows", "note")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FileImport]:
        """Return their own."""
        queryset: QuerySet[FileImport] = super().get_queryset(request).filter(user=str(request.user.pk))
        return queryset

    def has_view_permission(self, request: HttpRequest, obj: FileImport | None = None) -> bool:
        """Tell whether the user may import leads of some model; a file, only of its model."""
        mappings = list(registry) if obj is None else [registry.labelled(obj.model)]
        return any(self._page_of(request, mapping) for mapping in mappings if mapping)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the list stands on the index page."""
        return self.has_view_permission(request)

    def _page_of(self, request: HttpRequest, mapping: LeadMapping) -> FilesMixin | None:
        """Return the page of a model on which the user may import; None where there is none."""
        if not self.admin_site.is_registered(mapping.model):
            return None
        page = self.admin_site.get_model_admin(mapping.model)
        return page if isinstance(page, FilesMixin) and page.may_import(request) else None

    @admin.display(description=gettext_lazy("State"))
    def moving_state(self, file: FileImport) -> SafeString:
        """Show the state; the list looks again for those that may change."""
        return live.state(file.get_state_display(), moves=file.state in FileImport.WORKING)

    def get_urls(self) -> list[URLPattern]:
        """Add what the page asks for again and again, where its buttons lead, and the refused rows."""
        views = {"progress": self.progress_view, "decide": self.decide_view, "refused": self.refused_view}
        own = [
            path(f"<uuid:pk>/{name}/", self.admin_site.admin_view(view), name=f"leads_fileimport_{name}")
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def _url(self, name: str, *args: object) -> str:
        return reverse(f"admin:{name}", args=args, current_app=self.admin_site.name)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a file: what would become of it, or how far it is."""
        try:
            file = self._file(request, uuid.UUID(object_id))
        except ValueError:
            raise Http404 from None
        context = {
            "title": file.name,
            "box": self._box(request, file),
            "decide_url": self._url("leads_fileimport_decide", file.pk),
        }
        return admin_page(self, request, "admin/leads/file_import.html", context)

    def progress_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Answer with what moves of a file, and nothing else."""
        return HttpResponse(self._box(request, self._file(request, pk)))

    def refused_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
        """Send the rows that are refused, and what is to be told of others, each with the reason."""
        file = self._file(request, pk)
        return StreamingHttpResponse(
            note_lines(file),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="refused.csv"', "Cache-Control": "no-store"},
        )

    def decide_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Import a file as it was shown, check it with other columns, or cancel it."""
        file = self._file(request, pk)
        decisions = {"import": self._import, "check": self._check, "cancel": self._cancel}
        decide = decisions.get(request.POST.get("decide", ""))
        if decide is None:
            raise PermissionDenied
        if decide(request, file):
            transaction.on_commit(partial(wake, import_files), using=sql.alias())
        else:
            self.message_user(request, _("This changed meanwhile; look again."), WARNING)
        return HttpResponseRedirect(self._url("leads_fileimport_change", file.pk))

    def _file(self, request: HttpRequest, pk: uuid.UUID) -> FileImport:
        """Return a file of who asks. Raises Http404 for another one's, and PermissionDenied for who may not import."""
        file: FileImport | None = self.get_object(request, str(pk))
        if file is None:
            raise Http404
        if not self.has_view_permission(request, file):
            raise PermissionDenied
        return file

    def _form(self, request: HttpRequest, file: FileImport) -> ColumnsForm:
        mapping = registry.labelled(file.model)
        page = self._page_of(request, mapping) if mapping else None
        if mapping is None or page is None:
            raise PermissionDenied
        data = request.POST if request.method == "POST" else None
        return ColumnsForm(data, file=file, mapping=mapping, may_update=page.may_update(request))

    def _box(self, request: HttpRequest, file: FileImport) -> SafeString:
        mapping = registry.labelled(file.model)
        return box(
            file,
            mapping,
            form=self._form(request, file) if file.state == State.READY else None,
            url=self._url("leads_fileimport_progress", file.pk),
            refused_url=self._url("leads_fileimport_refused", file.pk),
            list_url=self._list_url(mapping),
        )

    def _list_url(self, mapping: LeadMapping | None) -> str:
        opts = mapping.model._meta if mapping else None
        return self._url(f"{opts.app_label}_{opts.model_name}_changelist") if opts else ""

    def _import(self, request: HttpRequest, file: FileImport) -> bool:
        form = self._form(request, file)
        if not self._is_as_seen(request, file) or not file.preview.get("columns"):
            return False
        if file.update and "update" not in form.fields:
            raise PermissionDenied
        if form.has_changed():
            # What was shown is not what was chosen since.
            return self._check(request, file)
        start = {"rows": 0, "line": 0, "counts": {}, "note": ""}
        is_decided = FileImport.objects.decide(file, State.IMPORTING, **start)
        admin_log.note(request, FileImport, [file] * is_decided, "Import confirmed.")
        return is_decided

    def _check(self, request: HttpRequest, file: FileImport) -> bool:
        form = self._form(request, file)
        if not self._is_as_seen(request, file) or not form.is_valid():
            return False
        start = {"rows": 0, "read": 0, "counts": {}, "note": "", "rows_in_file": None}
        update = form.cleaned_data.get("update", False)
        is_decided = FileImport.objects.decide(file, State.CHECKING, chosen=form.chosen, update=update, **start)
        if is_decided:
            self.message_user(request, _("The columns are checked again; nothing is imported yet."), SUCCESS)
        return is_decided

    def _is_as_seen(self, request: HttpRequest, file: FileImport) -> bool:
        return file.state == State.READY and request.POST.get("seen") == str(file.claims)

    def _cancel(self, request: HttpRequest, file: FileImport) -> bool:
        by = _("Cancelled by %s.") % request.user.get_username()
        if not FileImport.objects.filter(pk=file.pk).cancel(by):
            return False
        leftovers.delete_parts(file.pk)
        admin_log.note(request, FileImport, [file], "Import cancelled.")
        return True
