"""All checks together."""

from __future__ import annotations

import re

from django.core.checks.registry import registry as checks

from leads.mapping import registry
from leads.mapping_checks.checking import check_mapped_tables, check_mappings
from tests.enrow_webhooks.support import ROOT
from tests.leads.mapping_checks.shapes import contact, mapping, model, said


def test_the_mappings_of_this_project_are_right_and_no_database_is_asked():
    """pytest-django lets this test open none. leads.Lead is among them."""
    assert check_mappings() == []
    assert "leads.lead" in {each.label for each in registry}


def test_they_run_with_the_others():
    """``check`` before anything is spent, and ``migrate`` for what the database knows."""
    assert check_mappings in checks.get_checks()
    assert check_mapped_tables in checks.get_checks(include_deployment_checks=True)
    assert "database" in check_mapped_tables.tags


def test_a_project_without_a_mapping_is_told(monkeypatch):
    """It took leads.Lead away, or its own was not found."""
    monkeypatch.setattr(registry, "_by_label", {})
    (message,) = check_mappings()
    assert (message.id, message.msg) == ("enrow.E101", "No model is mapped: there are no leads.")
    assert "lead_mapping.py" in message.hint


def test_a_mapping_that_is_wrong_from_the_start_keeps_no_other_from_being_checked():
    """And nothing is told that would only follow from it."""
    lead = contact()
    told = said(mapping(model("Nothing"), firstname=None), mapping(lead, email="mobil"))
    assert [(code, attribute) for code, attribute, _ in told] == [("E112", "firstname"), ("E116", "email")]


def test_every_mistake_is_told_at_once():
    """One run of ``check`` is enough."""
    told = said(mapping(contact(), firstname="x", phone="employer__title", on_forget="x", created_at="x"))
    assert {code for code, _, _ in told} == {"E116", "E120", "E126", "E127"}


def test_the_page_lists_every_id_and_no_other():
    """A message is looked up by it. Some are said elsewhere: of a package, and of admin pages."""
    folder = ROOT / "leads" / "mapping_checks"
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    page = (ROOT / "docs" / "mapping-checks.md").read_text(encoding="utf-8")
    own = set(re.findall(r'"(?:enrow\.)?([EW]1\d\d)"', source))
    assert own | {"W007", "W105", "E131"} == set(re.findall(r"^\| `enrow\.([EW]\d+)` \|", page, re.MULTILINE))
