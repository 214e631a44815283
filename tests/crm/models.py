"""A host project's own tables, none of which knows of leads."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from tests.crm.fields import SecretField


class Company(models.Model):
    title = models.CharField(max_length=200)
    website = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=50, blank=True)

    def __str__(self):
        return self.title


class Contact(models.Model):
    """Renamed columns, a related company, an e-mail that is NULL and unique, and times that are set by themselves."""

    given_name = models.CharField(max_length=100, db_column="gn")
    family_name = models.CharField(max_length=100, blank=True, default="")
    employer = models.ForeignKey(Company, models.SET_NULL, null=True, blank=True)
    linkedin = models.CharField(max_length=200, null=True, blank=True)
    work_email = models.EmailField(null=True, blank=True, unique=True, db_column="mail address")
    mobile = models.CharField(max_length=32, blank=True, default="")
    opted_out = models.BooleanField(default=False)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self):
        return self.given_name


class KeyContact(Contact):
    """The same rows under another name."""

    class Meta:
        proxy = True


class Partner(Contact):
    """Rows of two tables."""

    since = models.DateField(null=True)


class Agent(Contact):
    """Rows of two tables, and a primary key that is not the parent's."""

    number = models.AutoField(primary_key=True)
    contact = models.OneToOneField(Contact, models.CASCADE, parent_link=True)


class Candidate(models.Model):
    """A key that is no number, its own columns for statuses, a phone that is encrypted, and when it was made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=200)
    company = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    email_state = models.CharField(max_length=20, blank=True)
    phone = SecretField(blank=True, default="")
    made_at = models.DateTimeField(default=timezone.now, db_default=Now(), db_index=True)

    def __str__(self):
        return self.name


class Person(models.Model):
    """Its e-mail addresses stand in a table of their own."""

    code = models.SlugField(unique=True, max_length=40)
    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=200, blank=True, db_default="")

    def __str__(self):
        return self.name


class Address(models.Model):
    person = models.ForeignKey(Person, models.CASCADE, related_name="addresses")
    email = models.EmailField()
    is_main = models.BooleanField(default=True)

    def __str__(self):
        return self.email


class Stranger(models.Model):
    """No lead at all."""

    crm_id = models.CharField(max_length=10)

    def __str__(self):
        return self.crm_id


class HidingQuerySet(models.QuerySet):
    def delete(self):
        return self.update(is_hidden=True)


class Shown(models.Manager.from_queryset(HidingQuerySet)):
    def get_queryset(self):
        return super().get_queryset().filter(is_hidden=False)


class Member(models.Model):
    """Deleting only hides a row, and no manager shows what is hidden. It has columns for all that is known."""

    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=200, blank=True)
    linkedin = models.CharField(max_length=200, blank=True)
    mail = models.CharField("mail address", max_length=254, blank=True)
    mail_state = models.CharField(max_length=20, null=True)
    mail_at = models.DateTimeField(null=True)
    mobile = models.CharField(max_length=32, null=True, unique=True)
    mobile_state = models.CharField(max_length=20, blank=True)
    mobile_at = models.DateTimeField(null=True)
    mobile_land = models.CharField(max_length=2, null=True)
    is_hidden = models.BooleanField(default=False)
    changed_at = models.DateTimeField(auto_now=True)

    objects = Shown()

    class Meta:
        base_manager_name = "objects"

    def __str__(self):
        return self.name

    def delete(self, *args, **kwargs):
        self.is_hidden = True
        self.save()


class Visit(models.Model):
    """Goes with its member."""

    member = models.ForeignKey(Member, models.CASCADE)

    def __str__(self):
        return f"Visit {self.pk}"


class Bill(models.Model):
    """Keeps its member."""

    member = models.ForeignKey(Member, models.PROTECT)

    def __str__(self):
        return f"Bill {self.pk}"
