"""Which leads are being searched right now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from enrow_webhooks.client.values import Kind
from leads import sql

# Asked for as a value, and lead by lead: for EXISTS, or a join, PostgreSQL may read every pending search for each page.
_SEARCH = """(
    SELECT 1 FROM {S} q WHERE q.crm_id = r.crm_id AND q.kind = '{kind}' AND q.outcome = 'pending' LIMIT 1
) AS {column}"""


def in_flight(kinds: Sequence[Kind], crm_ids: Collection[str]) -> Mapping[Kind, set[str]]:
    """Return which of these leads have a search of each kind under way; one query, however many."""
    columns = {kind: f"busy_{kind}" for kind in kinds}
    searches = ", ".join(_SEARCH.format(kind=kind, column=column, **sql.names()) for kind, column in columns.items())
    rows = sql.table_of("r", {"crm_id": "text"}, [(crm_id,) for crm_id in crm_ids])
    busy = " OR ".join(f"{column} IS NOT NULL" for column in columns.values())
    found = sql.fetch(
        f"WITH looked AS MATERIALIZED (SELECT r.crm_id, {searches} FROM {rows.text}) SELECT * FROM looked WHERE {busy}",  # noqa: S608 - only names of ours
        rows.params,
    )
    return {kind: {row[0] for row in found if row[place]} for place, kind in enumerate(kinds, start=1)}
