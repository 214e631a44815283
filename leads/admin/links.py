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

from leads.models import AbstractLead


def list_url(site: AdminSite, model: type[Model], **lookups: object) -> str:
    """Return the address of a list that shows only the rows that fit; blank when the site does not show the model."""
    url = _reverse(site, model, "changelist")
    return f"{url}?{urlencode(lookups)}" if url else ""


def page_url(site: AdminSite, model: type[Model], pk: int | str | uuid.UUID) -> str:
    """Return the address of one row's page; blank when the site does not show the model."""
    return _reverse(site, model, "change", quote(pk))


def lead_urls(site: AdminSite, model: type[AbstractLead], crm_ids: Iterable[str]) -> dict[str, str]:
    """Return the pages of leads by crm_id; one query. A lead that was deleted has none."""
    rows = model._default_manager.filter(crm_id__in=set(crm_ids)).values_list("crm_id", "pk")
    return {crm_id: page_url(site, model, pk) for crm_id, pk in rows}


def link(url: str, text: object) -> SafeString:
    """Return a link, or plain text when there is no page."""
    return format_html('<a href="{}">{}</a>', url, text) if url else format_html("{}", text)


def _reverse(site: AdminSite, model: type[Model], page: str, *args: Any) -> str:  # noqa: ANN401 - as reverse() takes them
    if not site.is_registered(model):
        return ""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args, current_app=site.name)
