"""A CRM's own tables, from before anybody spoke of leads."""

import uuid

from django.db import models

from crm.fields import SecretField


class Company(models.Model):
    title = models.CharField(max_length=200)
    website = models.CharField(max_length=200, blank=True)

    def __str__(self):
        return self.title


class Present(models.Manager):
    """Nobody sees who was deleted."""

    def get_queryset(self):
        return super().get_queryset().filter(deleted_at=None)


class Contact(models.Model):
    given_name = models.CharField(max_length=100, db_column="GN")
    family_name = models.CharField(max_length=100)
    employer = models.ForeignKey(Company, models.SET_NULL, null=True, blank=True)
    linkedin = models.CharField(max_length=200, null=True, blank=True)
    work_email = models.EmailField(null=True, blank=True, unique=True, db_column="mail address")
    mobile = models.CharField(max_length=32, blank=True, default="")
    changed_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = Present()
    everyone = models.Manager()  # noqa: DJ012 - the first one is the default, and hides who was deleted

    def __str__(self):
        return self.given_name


class ContactAudit(models.Model):
    """What the database itself writes down about each change of a contact."""

    contact_id = models.BigIntegerField()
    old_email = models.TextField(null=True)
    new_email = models.TextField(null=True)
    old_mobile = models.TextField()
    new_mobile = models.TextField()

    def __str__(self):
        return f"Contact {self.contact_id}"


class Candidate(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=200)
    site = models.CharField(max_length=200, blank=True)
    linkedin = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    email_state = models.CharField(max_length=20, blank=True)
    email_at = models.DateTimeField(null=True, blank=True)
    phone = SecretField(blank=True, default="")
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self):
        return self.name


class Person(models.Model):
    """Keyed by a text; its e-mail addresses stand in a table of their own."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    site = models.CharField(max_length=200, blank=True)
    linkedin = models.CharField(max_length=200, blank=True)
    mobile = models.CharField(max_length=32, null=True, blank=True)

    def __str__(self):
        return self.name


class Address(models.Model):
    person = models.ForeignKey(Person, models.CASCADE, related_name="addresses")
    email = models.EmailField()
    is_main = models.BooleanField(default=True)

    def __str__(self):
        return self.email
