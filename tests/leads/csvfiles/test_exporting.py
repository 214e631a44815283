"""A file goes out as it can come back."""

from __future__ import annotations

import io

import pytest
from django.utils import timezone

from leads.csvfiles.exporting import export_leads
from leads.csvfiles.importing import import_leads
from leads.models import Lead
from tests.commands import run
from tests.leads.csvfiles.tables import STRANGE, table

pytestmark = pytest.mark.django_db

_BOOKKEEPING = {"id", "created_at", "updated_at"}


def facts():
    """Return every lead without what the database keeps for itself."""
    rows = Lead.objects.order_by("crm_id").values()
    return [{key: value for key, value in row.items() if key not in _BOOKKEEPING} for row in rows]


def test_an_export_shows_how_far_it_is(csv_file):
    """The watcher hears the number of leads after each page, the last one with all of them."""
    import_leads(table(4500))
    heard = []

    assert export_leads(io.StringIO(), watch=heard.append) == 4500
    assert heard == [2000, 4000, 4500]


def test_a_file_comes_back_as_it_went_out(csv_file, tmp_path):
    """import(export(x)) == x for every field, formulas and line breaks among them; twice, and with --update too."""
    now = timezone.now()
    Lead.objects.bulk_create(
        Lead(
            crm_id=f"id-{number}",
            fullname=text,
            company_name=text,
            # A phone that can be dialled has one form, see test_forms.py.
            phone="" if text == "'+33199001234" else text[:32],
            phone_country="FR",
            email="a@x.com",
            email_status="valid",
            email_checked_at=now,
        )
        for number, text in enumerate(STRANGE)
    )
    before = facts()
    path = tmp_path / "out.csv"

    assert run("export_leads", path).out == f"Wrote {len(STRANGE)} leads to {path}.\n"
    assert run("import_leads", path, update=True).code == 0
    assert facts() == before
    Lead.objects.all().delete()
    assert run("import_leads", path).code == 0
    assert facts() == before
