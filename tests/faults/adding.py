"""A process of a CRM that lets leads be searched as they come: ``python -m tests.faults.adding FOLDER NUMBER``.

Inside one transaction it adds its leads, says so, and holds the transaction open until the test lets all of them end.
An odd number rolls it back. Then it adds some of all leads again and again, and rolls back as often.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

import django
from django.db import connection, transaction

# Leads of each, and how many of them the next process has, too.
LEADS, SHARED = 6, 2
ROUNDS = 20
_PATIENCE = 120.0


def leads_of(number: int) -> range:
    """Return the numbers of the leads that a process adds first."""
    return range(number * (LEADS - SHARED), number * (LEADS - SHARED) + LEADS)


def is_rolled_back(number: int) -> bool:
    """Tell whether a process takes back what it added."""
    return number % 2 == 1


def main(folder: Path, number: int) -> None:
    """Add, wait, end; then add what others add at the same time."""
    _add(leads_of(number), folder=folder, number=number)
    chance = random.Random(number)
    # What is kept by nobody must stay unsearched, so only such leads are added again.
    kept = sorted({lead for one in range(0, 20, 2) for lead in leads_of(one)})
    for _ in range(ROUNDS):
        _add(chance.sample(kept, 5), takes_back=chance.random() < 0.5)


def _add(numbers: range | list[int], *, folder: Path | None = None, number: int = 0, takes_back: bool = False) -> None:
    from leads.enrichment import enrich_batched  # noqa: PLC0415 - Django must be set up first
    from leads.models import Lead  # noqa: PLC0415

    leads = Lead.objects.filter(crm_id__in=[f"lead-{one}" for one in numbers])
    with transaction.atomic():
        enrich_batched(leads, find={"email"}, daily_credits=10_000)
        if folder:
            _wait_for_the_others(folder, number)
        if takes_back or (folder and is_rolled_back(number)):
            transaction.set_rollback(True)


def _wait_for_the_others(folder: Path, number: int) -> None:
    (folder / f"added-{number}").touch()
    deadline = time.monotonic() + _PATIENCE
    while not (folder / "go").exists():
        assert time.monotonic() < deadline, "nobody says that it may end"
        time.sleep(0.02)


if __name__ == "__main__":
    django.setup()
    with connection.cursor() as cursor:
        # Whoever waits for a row of somebody else's transaction fails.
        cursor.execute("SET lock_timeout = '5s'")
    main(Path(sys.argv[1]), int(sys.argv[2]))
