"""Fill the tables as a site has them after a year."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from benchmarks import rows


class Command(BaseCommand):
    """Prints nothing."""

    help = "Fill the empty tables."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many rows."""
        for name in ("leads", "searches", "events"):
            parser.add_argument(f"--{name}", type=int, required=True)

    def handle(self, *args: object, **options: int) -> None:
        """Fill, and tidy as autovacuum would."""
        rows.fill(rows.Size(leads=options["leads"], searches=options["searches"], events=options["events"]))
        rows.vacuum()
