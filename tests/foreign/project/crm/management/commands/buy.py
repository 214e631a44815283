"""Ask for everything that a table lacks, and wait until others have brought it: this process does none of the work."""

import time

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from enrow_webhooks.models import WebhookEvent
from leads.enrichment import enrich
from leads.models import SearchJob

SECONDS = 120
# Rows that are searched alone first, by the endpoints for one: one with an address, one without.
ALONE = (204, 205)


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("labels", nargs="*")

    def handle(self, *args, labels, **options):
        models = list(map(apps.get_model, labels))
        for model in models:
            keys = model._base_manager.order_by("pk").values_list("pk", flat=True)
            for key in (keys[place] for place in ALONE):
                self.ask(model._base_manager.filter(pk=key))
        settle()
        for model in models:
            self.ask(model._base_manager.all())
        settle()

    def ask(self, rows):
        run = enrich(rows, find={"email", "phone"}, verify=True)
        counts = run.tally.counts()
        self.stdout.write(f"{counts.searched} searched, {counts.shared} shared, {counts.reused} reused")


def settle():
    """Wait until every job and event has ended."""
    deadline = time.monotonic() + SECONDS
    jobs = SearchJob.objects.filter(~Q(state__in=SearchJob.ENDED) | Q(written_at=None))
    events = WebhookEvent.objects.filter(state__in=WebhookEvent.WAITING)
    while jobs.exists() or events.exists():
        if time.monotonic() > deadline:
            left = list(jobs.values("state", "kind", "last_error")[:5]), list(events.values("state", "last_error")[:5])
            raise CommandError(f"It does not end: {left}")
        time.sleep(0.2)
