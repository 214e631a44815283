"""Models of these tests are thrown away: no table is made, and no other test sees them."""

from __future__ import annotations

import pytest
from django.test.utils import isolate_apps


@pytest.fixture(autouse=True)
def isolated():
    """Keep the models that a test makes in a registry of their own."""
    with isolate_apps("tests.crm", "django.contrib.contenttypes"):
        yield
