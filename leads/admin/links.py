"""From one admin page to another.

A model that the site does not show, or not to who looks, has no pages: its name stays plain text.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from leads import reading
from leads.admin.viewing import Viewer
from leads.lookups import among


def list_url(viewer: Viewer | None, model: type[Model], **lookups: object) -> str:
    """Return the address of a list that shows only the rows that fit; blank where there is none for who looks."""
    url = _reverse(viewer, model, "changelist")
    return f"{url}?{urlencode(lookups)}" if url else ""


def page_url(viewer: Viewer | None, model: type[Model], pk: int | str | uuid.UUID) -> str:
    """Return the address of one row's page; blank where there is none for who looks."""
    return _reverse(viewer, model, "change", quote(pk))


def lead_urls(viewer: Viewer | None, names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the pages of leads by crm_id, of pairs of a model's label and a crm_id; a query for each model.

    A lead that was deleted, or that its page refuses to who looks, has none.
    """
    urls: dict[str, str] = {}
    for mapping, keys in reading.by_mapping(names):
        page = viewer.page(mapping.model) if viewer else None
        if viewer is None or page is None:
            continue
        is_named = among(mapping.crm_id_field, mapping.own_key_field, keys)
        for lead in page.get_queryset(viewer.request).filter(is_named):
            crm_id = keys.get(lead.serializable_value(mapping.crm_id_field), "")
            if crm_id and page.has_view_or_change_permission(viewer.request, lead):
                urls[crm_id] = page_url(viewer, mapping.model, lead.pk)
    return urls


def link(url: str, text: object) -> SafeString:
    """Return a link, or plain text when there is no page."""
    return format_html('<a href="{}">{}</a>', url, text) if url else format_html("{}", text)


def _reverse(viewer: Viewer | None, model: type[Model], page: str, *args: Any) -> str:  # noqa: ANN401 - as reverse() takes them
    if viewer is None or viewer.page(model) is None:
        return ""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    return reverse(name, args=args, current_app=viewer.site.name)
