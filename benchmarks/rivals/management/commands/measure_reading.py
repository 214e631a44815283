"""Fill the tables, then look at every page and every query that reads them."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from dataclasses import asdict, dataclass

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.test import Client

from benchmarks import pages, plans, rows

# Characters of a statement that tell which it is.
_SHOWN = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one page cost. Times in milliseconds; the first look finds colder caches than the second."""

    name: str
    queries: int
    first: float
    second: float
    # Of the second look: all statements together, and the one that took longest.
    database: float
    worst: float
    statement: str
    problems: list[str]


def look(page: pages.Page, sizes: dict[str, float]) -> Looked:
    """Open a page twice; explain what the second look executed."""
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        statements = plans.recorded(page.open)
        seconds.append(time.perf_counter() - start)
    planned = [plans.explain(statement) for statement in statements]
    worst = max(statements, key=lambda statement: statement.seconds, default=None)
    return Looked(
        name=page.name,
        queries=len(statements),
        first=1000 * seconds[0],
        second=1000 * seconds[1],
        database=1000 * sum(statement.seconds for statement in statements),
        worst=1000 * worst.seconds if worst else 0.0,
        statement=" ".join(worst.text.split())[:_SHOWN] if worst else "",
        problems=[problem for plan in planned if plan for problem in plans.problems(plan, sizes)],
    )


class Command(BaseCommand):
    """Prints JSON: how long the filling took, in seconds, and what every page cost."""

    help = "Fill the empty tables and time everything that reads them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many rows."""
        for name in ("leads", "searches", "events"):
            parser.add_argument(f"--{name}", type=int, required=True)

    def handle(self, *args: object, **options: int) -> None:
        """Fill, look, print."""
        start = time.perf_counter()
        rows.fill(rows.Size(leads=options["leads"], searches=options["searches"], events=options["events"]))
        rows.vacuum()
        filled = time.perf_counter() - start
        client = Client()
        client.force_login(User.objects.create_superuser("benchmark"))
        sizes = plans.sizes_of_big()
        looked = [asdict(look(page, sizes)) for page in pages.pages(client)]
        self.stdout.write(json.dumps({"filled": filled, "looked": looked}))
