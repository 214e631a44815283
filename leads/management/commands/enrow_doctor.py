"""``manage.py enrow_doctor``."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.core.management.base import CommandParser

from enrow_webhooks.doctor import Finding, Level
from enrow_webhooks.management.base import EnrowCommand, needs_person
from leads.upkeep.doctor import diagnose


class Command(EnrowCommand):
    """Say what needs a person."""

    help = (
        "Look at settings, key and balance, dashboard, broker, inbox, search jobs, results and credits, and say what\n"
        "needs a person. Costs nothing and changes nothing."
    )
    examples = """
  manage.py enrow_doctor
  manage.py enrow_doctor --json | jq '.findings[] | select(.level != "ok")'
  manage.py enrow_doctor > /dev/null || notify-somebody        for cron
"""
    # The doctor reports bad settings himself, one by one.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Print the findings."""
        findings = []
        for finding in diagnose():
            findings.append(finding)
            if not options["json"]:
                self._tell(finding)
        troubles = sum(finding.level is Level.NEEDS_PERSON for finding in findings)
        if options["json"]:
            self.tell_json({"ok": not troubles, "findings": list(map(dataclasses.asdict, findings))})
        if troubles:
            raise needs_person(f"{troubles} of {len(findings)} findings need a person.")

    def _tell(self, finding: Finding) -> None:
        if finding.level is Level.OK:
            self.stdout.write(f"ok    {finding.sentence}")
        else:
            self.stdout.write(self.style.WARNING(f"FIX   {finding.sentence}"))
            self.stdout.write(f"      {finding.hint}")
