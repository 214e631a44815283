"""What tables and indexes weigh, what updates add to that, and what pruning gives back.

``python -m benchmarks.growth``; ``--small`` for a laptop. See benchmarks/README.md.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import report
from benchmarks.servers import BenchmarkError, new_parser, prepared

Connection = psycopg.Connection[tuple[Any, ...]]
FULL = {"leads": 1_000_000, "searches": 2_000_000, "events": 1_000_000}
_SMALLER = 50
_BATCH = 5000
# Updates between two looks of autovacuum, in batches.
_VACUUM_EVERY = 10
# A prime: batches touch rows all over the table.
_SCATTER = 48271
_MB = 1_000_000
# The body of an event about one lead, as Enrow documents it.
_BODY = 450

_WEIGHTS = """
SELECT c.relname, COALESCE(i.relname, ''), pg_table_size(c.oid), pg_relation_size(i.oid), c.reltuples
FROM pg_class c LEFT JOIN pg_index x ON x.indrelid = c.oid LEFT JOIN pg_class i ON i.oid = x.indexrelid
WHERE c.relkind = 'r' AND c.reltuples >= 1000 AND c.relname ~ '^(leads|enrow_webhooks)_' ORDER BY 1, 4 DESC
"""
_EMAILS = """
UPDATE {name} SET email = CASE WHEN id %% 10 < 6 THEN 'found' || id || '@firm.com' ELSE '' END,
    email_status = CASE WHEN id %% 10 < 6 THEN 'valid' ELSE 'not_found' END, email_checked_at = now(),
    updated_at = now()
FROM (SELECT 1 + g * {scatter} %% {rows} AS wanted FROM generate_series(%s::bigint, %s) AS g) AS r WHERE id = wanted
"""
_PHONES = """
UPDATE {name} SET phone = CASE WHEN id %% 10 < 2 THEN '+3361' || id ELSE '' END,
    phone_status = CASE WHEN id %% 10 < 2 THEN 'found' ELSE 'not_found' END, phone_checked_at = now(),
    updated_at = now()
FROM (SELECT 1 + g * {scatter} %% {rows} AS wanted FROM generate_series(%s::bigint, %s) AS g) AS r WHERE id = wanted
"""
_BUY = """
INSERT INTO {name}
    (id, job_id, crm_id, kind, position, fingerprint, outcome, value, country, value_before, effect, error)
SELECT g, md5('job' || (g - 1) / {batch})::uuid, 'crm-' || 1 + g * {scatter} %% {rows}, 'find_email',
    (g - 1) %% {batch}, md5('person' || g)::uuid, 'pending', '', '', '', '', ''
FROM generate_series(%s::bigint, %s) AS g
"""
_OF_JOB = "job_id = md5('job' || (%s::bigint - 1) / {batch})::uuid AND %s IS NOT NULL"
_SETTLE = (
    """
UPDATE {name} SET outcome = CASE WHEN id %% 10 < 6 THEN 'found' ELSE 'not_found' END,
    value = CASE WHEN id %% 10 < 6 THEN 'found' || id || '@firm.com' ELSE '' END WHERE
"""
    + _OF_JOB
)
_DECIDE = "UPDATE {name} SET effect = 'writing' WHERE " + _OF_JOB
_DONE = "UPDATE {name} SET effect = 'written' WHERE " + _OF_JOB


@dataclass(slots=True, kw_only=True)
class Variant:
    """One way to keep a table."""

    label: str
    fillfactor: int = 100
    # Statements that change the copy's indexes.
    changes: tuple[str, ...] = ()
    name: str = ""
    # Of all batches: seconds; and megabytes before and after.
    seconds: list[float] = field(default_factory=list)
    before: tuple[float, float] = (0.0, 0.0)
    after: tuple[float, float] = (0.0, 0.0)
    hot: float = 0.0


def leads() -> list[Variant]:
    """Return what is compared for leads."""
    without = ("DROP INDEX {email_status}", "DROP INDEX {phone_status}")
    return [
        *(Variant(label="as it is", fillfactor=fillfactor) for fillfactor in (100, 90, 70, 50)),
        Variant(label="no index per status", changes=without),
        Variant(label="no index on phone_status", changes=without[1:]),
    ]


def searches() -> list[Variant]:
    """Return what is compared for lead searches."""
    return [
        *(Variant(label="as it is", fillfactor=fillfactor) for fillfactor in (100, 90, 70, 50)),
        Variant(label="one more index, on job_id", changes=("CREATE INDEX ON {name} (job_id)",)),
        Variant(label="one more index, on effect", changes=("CREATE INDEX ON {name} (effect, id)",)),
    ]


def copy(connection: Connection, source: str, variants: list[Variant]) -> None:
    """Make an empty copy of a table, with its indexes, for each variant."""
    for number, variant in enumerate(variants):
        variant.name = f"copy_{source}_{number}"
        connection.execute(
            f"CREATE TABLE {variant.name} (LIKE {source} INCLUDING ALL)"
            f" WITH (fillfactor = {variant.fillfactor}, autovacuum_enabled = off)"
        )
        # The names of the copy's indexes by their first column.
        found = connection.execute(
            "SELECT substring(indexdef from '\\((\\w+)'), indexname FROM pg_indexes WHERE tablename = %s",
            [variant.name],
        ).fetchall()
        for change in variant.changes:
            connection.execute(change.format(**dict(found), name=variant.name))


def megabytes(connection: Connection, name: str) -> tuple[float, float]:
    """Return what the table and its indexes weigh, in MB."""
    [row] = connection.execute("SELECT pg_table_size(%s), pg_indexes_size(%s)", [name, name]).fetchall()
    return row[0] / _MB, row[1] / _MB


def update(connection: Connection, variants: list[Variant], rows: int, statements: list[str]) -> None:
    """Run the statements batch by batch, the variants in turn; vacuum now and then, as autovacuum would."""
    for variant in variants:
        connection.execute(f"VACUUM (ANALYZE) {variant.name}")
        variant.before = megabytes(connection, variant.name)
    for batch in range(rows // _BATCH):
        for variant in variants:
            words = {"name": variant.name, "rows": rows, "scatter": _SCATTER, "batch": _BATCH}
            start = time.perf_counter()
            for statement in statements:
                connection.execute(statement.format(**words), [batch * _BATCH + 1, (batch + 1) * _BATCH])
            variant.seconds.append(time.perf_counter() - start)
            if batch % _VACUUM_EVERY == 0:
                connection.execute(f"VACUUM {variant.name}")
    time.sleep(2)  # the server counts once a second
    for variant in variants:
        variant.after = megabytes(connection, variant.name)
        [[share]] = connection.execute(
            "SELECT n_tup_hot_upd::float / NULLIF(n_tup_upd, 0) FROM pg_stat_user_tables WHERE relname = %s",
            [variant.name],
        ).fetchall()
        variant.hot = float(share or 0)
        connection.execute(f"DROP TABLE {variant.name}")


def update_leads(connection: Connection, rows: int) -> list[Variant]:
    """Write an e-mail, then a phone, to each lead once, in scattered batches."""
    variants = leads()
    copy(connection, "leads_lead", variants)
    for variant in variants:
        connection.execute(_insert_leads(variant.name, rows))
    update(connection, variants, rows, [_EMAILS, _PHONES])
    return variants


def _insert_leads(name: str, rows: int) -> str:
    blank = {"email", "email_status", "phone", "phone_status", "phone_country"}
    columns = ["id", "crm_id", "firstname", "lastname", "fullname", "company_name", "company_domain", "linkedin_url",
               "country_code", *sorted(blank), "created_at", "updated_at"]  # fmt: skip
    picks = ", ".join("''" if column in blank else column for column in columns)
    return f"INSERT INTO {name} ({', '.join(columns)}) SELECT {picks} FROM leads_lead WHERE id <= {rows} ORDER BY id"


def update_searches(connection: Connection, rows: int) -> list[Variant]:
    """Settle each search once, then write what became of it, job by job."""
    variants = searches()
    copy(connection, "leads_leadsearch", variants)
    for variant in variants:
        words = {"name": variant.name, "rows": rows, "scatter": _SCATTER, "batch": _BATCH}
        connection.execute(_BUY.format(**words), [1, rows])
    update(connection, variants, rows, [_SETTLE, _DECIDE, _DONE])
    return variants


def prune(connection: Connection, rows: int) -> list[tuple[str, float, float]]:
    """Return what the events weigh (table, indexes; MB) at each step of their life."""
    copy(connection, "enrow_webhooks_webhookevent", [found := Variant(label="events")])
    steps: list[tuple[str, float, float]] = []
    body = f"left(repeat(md5(n::text), {_BODY // 32 + 1}), {_BODY})"

    def step(label: str, *statements: str) -> None:
        for statement in statements:
            connection.execute(statement)
        steps.append((label, *megabytes(connection, found.name)))

    def insert(first: int) -> str:
        return (
            f"INSERT INTO {found.name} (event, enrow_id, reference, payload, state, deliveries, attempts, last_error,"
            f" next_attempt_at, received_at, processed_at) SELECT 'single_search_finished', md5('enrow' || n),"
            f" md5('job' || n)::uuid::text, {body}, 'processed', 1, 1, '', now(), now(), now()"
            f" FROM generate_series({first}, {first + rows - 1}) AS n"
        )

    def pruning(first: int) -> list[str]:
        blank = f"UPDATE {found.name} SET payload = '' WHERE id BETWEEN"
        return [f"{blank} {at} AND {at + 1999}" for at in range(first, first + rows, 2000)]

    step("stored with bodies", insert(1))
    step("all bodies pruned", *pruning(1))
    step("VACUUM", f"VACUUM {found.name}")
    step("as many again stored: the room is used", insert(rows + 1))
    step("their bodies pruned, VACUUM", *pruning(rows + 1), f"VACUUM {found.name}")
    step("VACUUM FULL", f"VACUUM FULL {found.name}")
    step("half of the rows deleted, VACUUM", f"DELETE FROM {found.name} WHERE id <= {rows}", f"VACUUM {found.name}")
    connection.execute(f"DROP TABLE {found.name}")
    return steps


def markdown(found: dict[str, Any], rows: int, figures: dict[str, Any]) -> list[str]:
    """Return the lines."""
    per_million = [
        (name, index or "(the table)", f"{size / count * 1_000_000 / _MB:,.0f}")
        for name, index, size, count in figures["weights"]
    ]
    return [
        *report.heading("Growth", found),
        "MB per million rows, freshly filled:",
        "",
        *report.table(["table", "index", "MB per million"], per_million),
        f"Updates of {rows:,} rows, {_BATCH:,} at a time, the variants in turn; MB as they grew from before to after:",
        "",
        *report.table(
            ["table", "variant", "fillfactor", "HOT", "time to the first", "table MB", "indexes MB"],
            [
                _variant(name, variant, variants[0])
                for name, variants in figures["updates"].items() for variant in variants
            ],
        ),
        f"Events, {rows:,} with a body of {_BODY} characters:",
        "",
        *report.table(
            ["step", "table MB", "indexes MB"], [(s, f"{t:,.0f}", f"{i:,.0f}") for s, t, i in figures["pruning"]]
        ),
    ]  # fmt: skip


def _variant(name: str, variant: Variant, first: Variant) -> tuple[object, ...]:
    grew = [f"{before:,.0f} to {after:,.0f}" for before, after in zip(variant.before, variant.after, strict=True)]
    ratio = sum(variant.seconds) / sum(first.seconds)
    return name, variant.label, variant.fillfactor, f"{variant.hot:.0%}", f"{ratio:.2f}", *grew


def main() -> None:
    """Measure and report."""
    options = new_parser(__doc__, small="a laptop's size: about a minute").parse_args()
    size = {name: number // _SMALLER if options.small else number for name, number in FULL.items()}
    rows = size["leads"] // 5 if not options.small else size["leads"]
    with tempfile.TemporaryDirectory() as folder, prepared(
        database_url=options.database, redis_url=options.redis, folder=Path(folder), port=0
    ) as ground:  # fmt: skip
        found = report.conditions(ground, small=options.small)
        ground.manage("migrate", "--verbosity", "0")
        ground.manage("fill_tables", *(f"--{name}={number}" for name, number in size.items()))
        weighed = ground.database.execute(_WEIGHTS).fetchall()
        tables = {(name, "", heap, count) for name, _, heap, _, count in weighed}
        indexes = {(name, index, size, count) for name, index, _, size, count in weighed}
        figures = {
            "weights": sorted(tables | indexes, key=lambda line: (line[0], -line[2])),
            "updates": {
                "leads": update_leads(ground.database, rows),
                "lead searches": update_searches(ground.database, rows),
            },
            "pruning": prune(ground.database, rows),
        }
    text = "\n".join(markdown(found, rows, figures))
    print(text)
    figures["updates"] = {name: [asdict(one) for one in variants] for name, variants in figures["updates"].items()}
    if not options.no_save:
        print(f"Written to {report.write('growth', found, {'figures': figures}, text)}")


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
