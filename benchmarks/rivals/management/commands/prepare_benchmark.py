"""Make the row that the benchmark's events belong to."""

from __future__ import annotations

import uuid

from django.core.management.base import BaseCommand
from django.urls import reverse
from django.utils import timezone

from enrow_webhooks.inbox.addresses import sign
from leads.models import SearchJob


class Command(BaseCommand):
    """Prints the path of a search job's own webhook URL."""

    help = "Create one finished search job and print the path of its webhook URL."

    def handle(self, *args: object, **options: object) -> None:
        """Finished, so that a worker has the least to do per event, as it has in the recipe."""
        now = timezone.now()
        job = SearchJob.objects.create(
            run=uuid.uuid4(), kind="find_email", state=SearchJob.State.FINISHED, requested=1,
            sent_at=now, finished_at=now, written_at=now,
        )  # fmt: skip
        self.stdout.write(reverse("enrow_webhooks:webhook", args=[sign(str(job.pk))]))
