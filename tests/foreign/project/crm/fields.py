"""A field that turns its value into something else, as one that encrypts does."""

import base64

from django.db import models


class SecretField(models.TextField):
    def from_db_value(self, value, expression, connection):
        return None if value is None else base64.b64decode(value).decode()[::-1]

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return None if value is None else base64.b64encode(value[::-1].encode()).decode()
