"""The pages that are looked up name every state, reason and id of the code, and no other."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml

from enrow_webhooks.models import WebhookEvent
from leads.models import EnrichmentRun, LeadSearch, SearchJob
from leads.models.leads import EmailStatus, PhoneStatus
from leads.skips import Reason
from tests.docs.pages import ROOT, SPANS

STATES = {
    "A run": EnrichmentRun.State,
    "A search job": SearchJob.State,
    "A lead search": [*LeadSearch.Outcome, *LeadSearch.Effect],
    "An address and a number": [*EmailStatus, *PhoneStatus],
    "A skipped lead": Reason,
    "A webhook event": WebhookEvent.State,
}


@pytest.mark.parametrize("section", STATES)
def test_every_state_has_its_row(section):
    """A word that stands in a column is explained, under what it is a state of."""
    page = (ROOT / "docs" / "states.md").read_text(encoding="utf-8")
    (part,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) == {str(state.value) for state in STATES[section]} - {
        ""
    }


def test_every_id_of_a_check_has_its_row():
    """A message is looked up by its id, on this page or on that of mappings."""
    code = "".join(
        path.read_text(encoding="utf-8") for app in ("enrow_webhooks", "leads") for path in (ROOT / app).rglob("*.py")
    )
    said = set(re.findall(r'"(?:enrow\.)?([EW][01]\d\d)"', code))
    # Two that share a function, which puts the number behind the letter.
    said |= {f"E{number}" for number in re.findall(r'_url\(.*"(\d{3})"', code)}
    rows = {
        span.text.removeprefix("enrow.")
        for span in SPANS
        if span.page in {"docs/checks.md", "docs/mapping-checks.md"} and span.text.startswith("enrow.")
    }
    assert rows == said


def test_the_site_has_one_address():
    """The links of the README on PyPI begin with the address that the site is built for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert site["site_url"] == project["urls"]["Documentation"]
    assert site["site_url"].endswith("/")
    assert not site["use_directory_urls"], "the README's links end with .html"
