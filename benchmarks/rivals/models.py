"""Tables like the inbox's, with the one constraint that de-duplicates and no other index; and a CRM's own contacts."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class BareEvent(models.Model):
    """A row of the bare insert."""

    event = models.CharField(max_length=64)
    enrow_id = models.CharField(max_length=128)
    payload = models.TextField()
    state = models.CharField(max_length=10, default="received")
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "rivals"
        constraints = [models.UniqueConstraint(fields=["event", "enrow_id"], name="bare_once")]  # noqa: RUF012 - Django declares it so

    def __str__(self) -> str:
        return self.enrow_id


class HandEvent(models.Model):
    """A row of the recipe."""

    event = models.CharField(max_length=64)
    enrow_id = models.CharField(max_length=128)
    payload = models.JSONField()
    processed = models.BooleanField(default=False)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "rivals"
        constraints = [models.UniqueConstraint(fields=["event", "enrow_id"], name="hand_once")]  # noqa: RUF012 - Django declares it so

    def __str__(self) -> str:
        return self.enrow_id


class Company(models.Model):
    """Whom contacts work for."""

    name = models.CharField(max_length=200)
    website = models.CharField(max_length=200, blank=True)

    class Meta:
        app_label = "rivals"

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """A CRM's own table, mapped and not changed: states and dates are kept beside it."""

    given_name = models.CharField(max_length=100)
    family_name = models.CharField(max_length=100)
    employer = models.ForeignKey(Company, models.CASCADE)
    linkedin = models.CharField(max_length=200, blank=True)
    work_email = models.EmailField(null=True, unique=True)
    mobile = models.CharField(max_length=32, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "rivals"

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}"
