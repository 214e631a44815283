"""The plugin's own fixtures; ``enrow`` of the other tests, which changes settings, is not meant here."""

from __future__ import annotations

import pytest

from leads.testing.pytest_plugin import enrow, enrow_no_network, enrow_server
from tests.crm.models import Company, Contact

__all__ = ["enrow", "enrow_no_network", "enrow_server"]


@pytest.fixture
def contact(db):
    """A contact of the host's, whose employer has a site."""
    employer = Company.objects.create(title="Acme", website="https://www.acme.com/about")
    return Contact.objects.create(given_name="Ann", family_name="Lee", employer=employer)


@pytest.fixture
def contacts():
    """All of them, as a queryset."""
    return Contact.objects.order_by("pk")
