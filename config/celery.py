"""The Celery app: every setting that starts with ``CELERY_`` in Django's settings."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_process_init

from enrow_webhooks import gc_tuning

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def prepare_process(**kwargs: object) -> None:
    """Prepare each process of a worker for batches of 5,000 leads."""
    gc_tuning.calm()
