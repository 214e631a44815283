"""From one admin page to another. A model that the site does not show has no pages: its name stays plain text."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from leads import reading


def list_url(site: AdminSite, model: type[Model], **lookups: object) -> str:
    """Return the address of a list that shows only the rows that fit; blank when the site does not show the model."""
    url = _reverse(site, model, "changelist")
    return f"{url}?{urlencode(lookups)}" if url else ""


def page_url(site: AdminSite, model: type[Model], pk: int | str | uuid.UUID) -> str:
    """Return the address of one row's page; blank when the site does not show the model."""
    return _reverse(site, model, "change", quote(pk))


def lead_urls(site: AdminSite, names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the pages of leads by crm_id, of pairs of a model's label and a crm_id; a query for each model.

    A lead that was deleted has none.
    """
    urls: dict[str, str] = {}
    for mapping, keys in reading.by_mapping(names):
        rows = mapping.by_keys(keys).values_list(mapping.crm_id_field, "pk")
        urls |= {keys[key]: page_url(site, mapping.model, pk) for key, pk in rows}
    return urls


def link(url: str, text: object) -> SafeString:
    """Return a link, or plain text when there is no page."""
    return format_html('<a href="{}">{}</a>', url, text) if url else format_html("{}", text)


def _reverse(site: AdminSite, model: type[Model], page: str, *args: Any) -> str:  # noqa: ANN401 - as reverse() takes them
    if not site.is_registered(model):
        return ""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args, current_app=site.name)
