"""What the tests of the admin share: who looks, where, and what a page costs."""

from __future__ import annotations

import re
from html import unescape

from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from enrow_webhooks.models import WebhookEvent
from leads.models import Lead, LeadSearch, SearchJob

MODELS = [Lead, SearchJob, LeadSearch, WebhookEvent]
HOSTILE = '<script>alert("x")</script>'


def list_page(model, **lookups) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist", query=lookups)


def row_page(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def login(*codenames: str) -> Client:
    """Return the browser of a member of staff named "ann" who has these permissions and no other."""
    user = User.objects.create_user("ann", password="secret", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    assert user.user_permissions.count() == len(codenames)
    client = Client()
    client.force_login(user)
    return client


def run_action(client, action, rows, *, model=None, page=None, **fields):
    """Post an action for the selected rows from a list, as a browser does."""
    rows = list(rows)
    url = page or list_page(model or type(rows[0]))
    return client.post(url, {"action": action, "_selected_action": [row.pk for row in rows], **fields}, follow=True)


def confirm_forgetting(client, rows, **fields):
    """Look at the page that says who is forgotten, and confirm it; ``typed``: their number, where that is asked."""
    page = run_action(client, "forget", rows, **fields)
    form = page.context.get("form")
    return page if form is None else run_action(client, "forget", rows, confirm="1", **form.initial, **fields)


def text(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def said(response) -> str:
    """Return the messages of a page."""
    return " ".join(str(message) for message in response.context["messages"])


def fill(count: int, name: str = "row") -> None:
    """Make so many rows of everything, tied to each other, with hostile texts where Enrow or a person may write."""
    jobs = SearchJob.objects.bulk_create(
        SearchJob(
            run="00000000-0000-0000-0000-000000000001",
            kind="find_email",
            state="finished",
            enrow_id=f"{name}-{number}",
            requested=1,
            last_error=HOSTILE,
            requested_by=HOSTILE,
        )
        for number in range(count)
    )
    leads = Lead.objects.bulk_create(
        Lead(crm_id=f"{name}{HOSTILE}{number}", firstname=HOSTILE, company_name=HOSTILE, email=HOSTILE)
        for number in range(count)
    )
    LeadSearch.objects.bulk_create(
        LeadSearch(
            job=jobs[turn % count],
            model="leads.lead",
            crm_id=leads[turn // count].crm_id,
            kind="find_email",
            position=turn // count,
            outcome="error",
            value=HOSTILE,
            error=HOSTILE,
        )
        for turn in range(count * min(count, 5))
    )
    WebhookEvent.objects.bulk_create(
        WebhookEvent(
            event=HOSTILE,
            enrow_id=f"{name}-{number}",
            reference=str(job.pk) if number % 2 else "",
            payload=HOSTILE,
            last_error=HOSTILE,
        )
        for number, job in enumerate(jobs)
    )


def fields_of(page) -> dict[str, str]:
    """Return what a browser would send back from an open page: its text inputs, hidden ones too."""
    inputs = re.findall(r"<input[^>]*>", text(page))
    kept = [tag for tag in inputs if "submit" not in tag]
    pairs = [(re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in kept]
    return {name[1]: unescape(value[1]) if value else "" for name, value in pairs if name}
