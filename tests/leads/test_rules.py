"""What a rule says of itself; a settings file may import it."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal

from leads.rules import EnrichmentRule


def test_a_settings_file_may_import_it():
    """Before any app, and without settings."""
    script = "from leads.rules import EnrichmentRule; EnrichmentRule('new', 'crm.Contact', daily_credits=1)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_what_it_rests_on():
    """Of new rows: the model and their order. Of old verdicts: what is asked, because each has its own date."""
    new = EnrichmentRule("a", "crm.Contact", find={"email"})
    assert new.basis == EnrichmentRule("b", "CRM.contact", find={"phone"}, where={"x": 1}, daily_credits=3).basis
    assert new.basis != EnrichmentRule("a", "crm.Contact", find={"email"}, created_at="made").basis
    old = EnrichmentRule("a", "crm.Contact", when="stale", find={"email"}, days=3)
    assert old.basis == EnrichmentRule("a", "crm.Contact", when="stale", find={"email"}, days=9).basis
    assert old.basis != EnrichmentRule("a", "crm.Contact", when="stale", find={"phone"}, days=3).basis
    assert old.basis != new.basis


def test_numbers_as_they_are_typed():
    """Exact, and zero where there is none."""
    rule = EnrichmentRule("a", "crm.Contact", daily_credits=0.1, days=1.5, late_minutes=2)
    assert (rule.cap, rule.age, rule.late) == (Decimal("0.1"), dt.timedelta(hours=36), dt.timedelta(minutes=2))
    assert EnrichmentRule("a", "crm.Contact").cap == 0
    assert rule.requested_by == "rule:a"
