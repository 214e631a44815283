"""Rows of ours, as they are read and written: where they are written, and again when the database asks for it."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeVar

from django.db import models, router

from enrow_webhooks.transactions import repeated

Row = TypeVar("Row", bound=models.Model)


class OwnQuerySet(models.QuerySet[Row]):
    """Reads rows where they are written: they decide what is sent and what is written, and a replica is behind.

    A project's router may send other reads to replicas. Each update is repeated as ``transactions`` says.
    """

    @property
    def db(self) -> str:
        """The alias that the rows are written to, unless ``using()`` names another."""
        return self._db or router.db_for_write(self.model, **self._hints)  # type: ignore[attr-defined]  # not in the stubs

    def update(self, **values: Any) -> int:  # noqa: ANN401 - Django's own signature
        """Update the rows; return how many."""
        return repeated(self.db, partial(super().update, **values))
