"""The table of settings in docs/settings.md is complete."""

from __future__ import annotations

import re

from enrow_webhooks.conf import Section
from tests.docs.pages import ROOT, SPANS

TABLE = {span.text for span in SPANS if (span.page, span.section) == ("docs/settings.md", "Settings")}


def test_the_table_of_settings():
    """The page has every key of ``ENROW`` and every variable of the demo project, and no other."""
    assert {key for key in TABLE if re.fullmatch(r"[A-Z_]{4,}", key)} - {"ENROW"} == set(Section.known) | demo()


def demo():
    """Return the variables that the demo project reads."""
    text = (ROOT / "config" / "settings.py").read_text(encoding="utf-8")
    return set(re.findall(r'"((?:ENROW|DJANGO|DATABASE|CELERY)_[A-Z_]+)"', text))
