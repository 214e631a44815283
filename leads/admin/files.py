"""Files in and out of the list of a mapped model: upload one, download what the filters leave."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.contrib.messages import ERROR
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from enrow_webhooks import admin_log
from enrow_webhooks.admin import admin_page
from enrow_webhooks.wake import wake
from leads import rights, sql
from leads.admin.columns import UploadForm
from leads.admin.mapped import MappedPage
from leads.csvfiles.exporting import csv_pages
from leads.models import FileImport
from leads.permissions import VIEW_FOUND_VALUES
from leads.tasks import import_files
from leads.uploads import parts

_TEMPLATE = "admin/leads/file_list.html"
# Files of one person that wait or are worked on: nobody fills the database.
_MOST_OPEN = 10


class FilesMixin(MappedPage):
    """Adds *Import* and *Export* to the tools of the list, for those who may."""

    def may_import(self, request: HttpRequest) -> bool:
        """Tell whether the user may import leads here: who may add them. Not on the page of a child of their model."""
        is_here = self.lead_mapping.model is self.model and self.admin_site.is_registered(FileImport)
        return is_here and self.has_add_permission(request)

    def may_update(self, request: HttpRequest) -> bool:
        """Tell whether an import may write onto leads: of who may change them, where the mapping hides none."""
        return self.has_change_permission(request) and rights.sees_all(request.user, self.lead_mapping)

    def may_export(self, request: HttpRequest) -> bool:
        """Tell whether the user may take leads away with what was found for them."""
        return self.has_view_permission(request) and bool(request.user.has_perm(VIEW_FOUND_VALUES))

    def get_urls(self) -> list[URLPattern]:
        """Add both pages."""
        views = {"import": self.import_view, "export": self.export_view}
        own = [
            path(f"enrow-{name}/", self.admin_site.admin_view(view), name=self._name(name))
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Return the list in its own template, with the buttons among its tools."""
        response = super().changelist_view(request, extra_context)
        tools = list(self._tools(request))
        if tools and isinstance(response, TemplateResponse):
            own = response.resolve_template(response.template_name)
            response.context_data = {**(response.context_data or {}), "enrow_tools": tools, "enrow_list": own}
            response.template_name = _TEMPLATE
        return response

    def _tools(self, request: HttpRequest) -> Iterator[tuple[str, str]]:
        if self.may_import(request):
            yield _("Import"), self._page(self._name("import"))
        if self.may_export(request):
            kept = request.GET.copy()
            kept.pop(PAGE_VAR, None)
            yield _("Export"), f"{self._page(self._name('export'))}?{kept.urlencode()}".rstrip("?")

    def _name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_enrow_{page}"

    def _page(self, name: str, *args: object) -> str:
        return reverse(f"admin:{name}", args=args, current_app=self.admin_site.name)

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file; a worker checks it, and the page that follows shows what would become of it."""
        if not self.may_import(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None, may_update=self.may_update(request))
        if request.method == "POST" and form.is_valid():
            return self._take(request, form)
        context = {"title": _("Import"), "form": form, "list_url": self._page(self._list)}
        return admin_page(self, request, "admin/leads/upload.html", context)

    @property
    def _list(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_changelist"

    def _take(self, request: HttpRequest, form: UploadForm) -> HttpResponse:
        user = str(request.user.pk)
        if FileImport.objects.exclude(state__in=FileImport.ENDED).filter(user=user).count() >= _MOST_OPEN:
            told = _("Too many files of yours wait; confirm or cancel some of them first.")
            self.message_user(request, told, ERROR)
            return HttpResponseRedirect(self._page("leads_fileimport_changelist"))
        uploaded = form.cleaned_data["file"]
        file = FileImport(
            model=self.lead_mapping.label,
            name=uploaded.name,
            user=user,
            requested_by=request.user.get_username()[:150],
            update=form.cleaned_data.get("update", False),
        )
        parts.store(file, uploaded.chunks())
        transaction.on_commit(partial(wake, import_files), using=sql.alias())
        return HttpResponseRedirect(self._page("leads_fileimport_change", file.pk))

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Send what the filters of the list leave, page by page: nothing of it is kept."""
        if not self.may_export(request):
            raise PermissionDenied
        try:
            found = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{self._page(self._list)}?{ERROR_FLAG}=1")
        leads = self.visible_leads(request, found)
        admin_log.note_all(request, self.model, "Exported.")
        name = f"{self.opts.model_name}.csv"
        return StreamingHttpResponse(
            _marked(csv_pages(self.lead_mapping, self._plain(leads))),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        )

    def _plain(self, leads: QuerySet[Any]) -> QuerySet[Any]:
        """Return the same leads as rows of the mapped model, that can be read page by page."""
        query, model = leads.query, self.lead_mapping.model
        if leads.model is model and not (query.distinct or query.group_by or query.combinator or query.is_sliced):
            return leads
        keys = leads.order_by().values(model._meta.pk.name)
        return model._base_manager.using(self.lead_mapping.alias).filter(pk__in=keys)


def _marked(pages: Iterator[str]) -> Iterator[str]:
    """Yield the mark by which Excel knows UTF-8, and the pages."""
    yield "\ufeff"
    yield from pages
