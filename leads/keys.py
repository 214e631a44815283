"""Which value a text means as the key of a row, and whether a row can have it."""

from __future__ import annotations

import functools
import re
from typing import Any

from django.db import connections
from django.db.models import CharField, Field, TextField

# The integers of any database, and what no text in one may have.
_LEAST, _MOST = -(2**63), 2**63 - 1
_SURROGATE = re.compile("[\ud800-\udfff]")
_AS_IT_IS = (CharField.get_prep_value, TextField.get_prep_value)


class Keys:
    """The keys of one table, in the database with this alias."""

    def __init__(self, field: Field[Any, Any], alias: str) -> None:
        self._field = field
        self._alias = alias

    def read(self, text: str) -> Any:  # noqa: ANN401 - whatever the key is
        """Return the key that a text means; None for what no row can have."""
        try:
            key = self._field.to_python(text)
            is_kept = not isinstance(key, str) or self._keeps(key)
        except Exception:  # noqa: BLE001 - a project's own field may raise anything at what is no value of it
            return None
        return key if is_kept and self._is_in_range(key) else None

    def _keeps(self, key: str) -> bool:
        """Tell whether a text can be a row's key, spelled as it is.

        A blank names nobody, and the database refuses a NUL. A field may store capitals as small letters: then another
        spelling would find the row, and be none of its names.
        """
        if not key or "\x00" in key or _SURROGATE.search(key):
            return False
        return self._keeps_all or self._field.get_prep_value(key) == key

    @functools.cached_property
    def _keeps_all(self) -> bool:
        """Whether the field stores each text as it is, or gives back what it took, as one that encrypts does."""
        return hasattr(self._field, "from_db_value") or type(self._field).get_prep_value in _AS_IT_IS

    def _is_in_range(self, key: object) -> bool:
        """Tell whether the database can be asked for a key: a number too large would end in its error."""
        if not isinstance(key, int):
            return True
        least, most = self._integers
        return least <= key <= most

    @functools.cached_property
    def _integers(self) -> tuple[int, int]:
        """The least and the most that the key's column takes; asked once, for it is asked of each key."""
        low, high = connections[self._alias].ops.integer_field_range(self._field.get_internal_type())
        return low or _LEAST, high or _MOST
