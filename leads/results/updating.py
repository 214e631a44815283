"""Outcomes onto leads: who may be written, and with what.

A person's edit wins, an older search never beats a newer one, and a result reaches nobody but whom it was searched for:
that is compared on rows that are locked. Where the lead's fields are plain columns of its table, one statement compares
and writes; everything else is compared here, in Python.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from leads.mapping import registry
from leads.models import SearchJob
from leads.results import locking, statement
from leads.results.fresh import Fresh, Updated


def update(job: SearchJob, rows: Sequence[Fresh]) -> Updated:
    """Write the leads that may be written, with one row for each; tell what became of them.

    The caller holds a transaction. Raises DatabaseError where a lead's table refuses it.
    """
    by_model: dict[str, list[Fresh]] = defaultdict(list)
    for row in rows:
        by_model[row.model].append(row)
    updated = Updated()
    for label, some in sorted(by_model.items()):
        mapping = registry.labelled(label)
        if mapping is None:
            updated.gone += [row.crm_id for row in some]
        else:
            way = statement if statement.can_write(mapping, job) else locking
            updated.add(way.update(job, mapping, some))
    return updated
