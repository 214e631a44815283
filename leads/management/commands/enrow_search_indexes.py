"""``manage.py enrow_search_indexes``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from enrow_webhooks.management.base import EnrowCommand, needs_person
from leads import search_indexes


class Command(EnrowCommand):
    """Let the admin find leads by any part of a text."""

    help = (
        "The admin finds leads by the beginning of a name, a company, a domain, an e-mail address or a CRM id. With\n"
        "the index that this command makes, it finds them by any part of three letters or more. It needs PostgreSQL\n"
        "and its extension pg_trgm; a million leads need about a minute and 100 MB, and each lead that is written\n"
        "costs more. Leads can be read and written meanwhile (CREATE INDEX CONCURRENTLY). Run it again to finish what\n"
        "was interrupted. A model of your own that is mapped keeps its own search and its own indexes."
    )
    examples = """
  manage.py enrow_search_indexes           make the index
  manage.py enrow_search_indexes --drop    take it away: beginnings are found as before
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--drop", action="store_true", help="drop the index")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Make or drop it, and say so."""
        try:
            if options["drop"]:
                is_new, done, before = search_indexes.drop(), "Dropped", "There is no index"
            else:
                is_new, done, before = search_indexes.make(), "Made", "There is already the index"
        except search_indexes.NotPossible as error:
            raise needs_person(str(error)) from error
        self.stdout.write(f"{done if is_new else before} {search_indexes.NAME}.")
