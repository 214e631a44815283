"""Text that a person typed, as the value of a model field."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db.models import Field
from django.utils import timezone


def typed(field: Field[Any, Any], text: str) -> Any:  # noqa: ANN401 - whatever the field holds
    """Return the text as the field's value, a date without a zone in the project's own. Raises ValidationError."""
    value = field.to_python(text)
    if isinstance(value, dt.datetime) and settings.USE_TZ and timezone.is_naive(value):
        return timezone.make_aware(value)
    return value
