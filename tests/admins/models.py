"""Leads of that project."""

from django.conf import settings
from django.db import models

if settings.LIBRARY == "simple_history":
    from simple_history.models import HistoricalRecords


class Firm(models.Model):
    name = models.CharField(max_length=100)

    def __str__(self):
        return self.name


class Contact(models.Model):
    name = models.CharField(max_length=100)
    domain = models.CharField(max_length=100, blank=True)
    firm = models.ForeignKey(Firm, models.SET_NULL, null=True, blank=True)
    email = models.EmailField(blank=True)

    if settings.LIBRARY == "simple_history":
        history = HistoricalRecords()

    def __str__(self):
        return self.name
