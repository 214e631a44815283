"""``manage.py import_leads``: one sentence when it cannot, and a summary when it can."""

from __future__ import annotations

import pytest

from leads.models import Lead
from tests.commands import ROOT, run

pytestmark = pytest.mark.django_db


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    """A wrong path, or a folder, is exit code 2."""
    assert "No such file" in run("import_leads", tmp_path / "none.csv").err
    assert run("import_leads", tmp_path).code == 2
    assert run("export_leads", tmp_path / "none" / "leads.csv").code == 2


def test_the_example_file_is_clean_and_varied():
    """The demo's file imports without a bad row or an unknown column."""
    outcome = run("import_leads", ROOT / "examples" / "leads.csv")

    assert outcome.code == 0
    told = outcome.err.splitlines()
    assert len(told) == 4
    assert all(line.endswith("It is kept as typed.") for line in told), "the examples of inputs that cannot be sent"
    assert Lead.objects.count() == 60
