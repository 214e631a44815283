"""Text that a person typed, as the value of a model field."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from leads.coercion import typed
from leads.models import Lead

CHECKED_AT = Lead._meta.get_field("email_checked_at")


def test_a_date_without_a_zone_is_one_of_the_project(settings):
    """A spreadsheet writes no zone; the person who typed it meant their own."""
    settings.TIME_ZONE = "Asia/Tokyo"
    with timezone.override("Asia/Tokyo"):
        value = typed(CHECKED_AT, "2026-05-01 09:00")
    assert value == dt.datetime(2026, 5, 1, 0, 0, tzinfo=dt.UTC)


def test_a_zone_that_is_written_counts():
    """It is not replaced."""
    assert typed(CHECKED_AT, "2026-05-01T09:00:00+09:00") == dt.datetime(2026, 5, 1, 0, 0, tzinfo=dt.UTC)


def test_a_project_without_zones_keeps_dates_without(settings):
    """USE_TZ is the project's choice."""
    settings.USE_TZ = False
    assert typed(CHECKED_AT, "2026-05-01 09:00") == dt.datetime(2026, 5, 1, 9, 0)  # noqa: DTZ001 - that is the point


def test_what_is_no_value_of_the_field_is_refused():
    """The caller gets Django's own sentence."""
    with pytest.raises(ValidationError, match="soon"):
        typed(CHECKED_AT, "soon")
