"""A host project's own lead model, with a primary key that is no number."""

import uuid

from django.db import models

from leads.models import AbstractLead


class Contact(AbstractLead):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.CharField(max_length=50, blank=True)
    extra = models.JSONField(default=dict, blank=True)
    region = models.CharField(max_length=10, blank=True, db_default="eu")


class Stranger(models.Model):
    """No lead at all."""

    crm_id = models.CharField(max_length=10)

    def __str__(self):
        return self.crm_id
