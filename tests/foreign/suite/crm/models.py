"""A CRM's own table."""

from django.db import models


class Contact(models.Model):
    name = models.CharField(max_length=200)
    company = models.CharField(max_length=200)
    email = models.EmailField(null=True, blank=True, unique=True)
    mobile = models.CharField(max_length=32, blank=True, default="")

    def __str__(self):
        return self.name
