"""A field of another project, which only the ORM can read and write."""

import base64

from django.db import models


class SecretField(models.TextField):
    """Turns its text round, and hides it from SQL; a blank is hidden, too, as a field that encrypts does it."""

    def from_db_value(self, value, expression, connection):
        return None if value is None else base64.b64decode(value).decode()[::-1]

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return None if value is None else base64.b64encode(value[::-1].encode()).decode()
