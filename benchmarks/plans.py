"""What the database would do for a statement, and what of that grows with a big table."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from benchmarks.rows import BIG

# Twice what a list counts: to walk an index is fine while every second row fits.
MOST_READ = 20_000
# Nothing comes out of these before everything went in.
_BLOCKING = {"Sort", "Aggregate", "Hash", "Materialize", "WindowAgg"}
_PLANNED = ("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")

_SIZES = """
SELECT relname, reltuples FROM pg_class LEFT JOIN pg_index ON indexrelid = pg_class.oid
WHERE COALESCE(indrelid, pg_class.oid)::regclass::text = ANY(%s)
"""

Plan = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement that was executed."""

    text: str
    params: Any
    seconds: float


@dataclass(slots=True)
class Recorder:
    """Collects what is executed: ``with connection.execute_wrapper(recorder)``."""

    statements: list[Statement] = field(default_factory=list)

    def __call__(self, execute: Callable[..., Any], text: str, params: Any, many: bool, context: object) -> Any:
        """Execute, and remember."""
        start = time.perf_counter()
        try:
            return execute(text, params, many, context)
        finally:
            self.statements.append(Statement(text=text, params=params, seconds=time.perf_counter() - start))


def recorded(call: Callable[[], object]) -> list[Statement]:
    """Return the statements that a call executes."""
    recorder = Recorder()
    with connection.execute_wrapper(recorder):
        call()
    return recorder.statements


def explain(statement: Statement) -> Plan | None:
    """Return the plan; None for what has none, like SAVEPOINT."""
    if not statement.text.lstrip().upper().startswith(_PLANNED):
        return None
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement.text}", statement.params)
        [found] = cursor.fetchone()
    plan: Plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


def sizes_of_big() -> dict[str, float]:
    """Return how many rows the planner takes each big table, and each index of one, to have."""
    return _sizes(BIG)


def sizes_of(*models: type[Model]) -> dict[str, float]:
    """Return the same of the tables of these models."""
    return _sizes([model._meta.db_table for model in models])


def _sizes(tables: Iterable[str]) -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute(_SIZES, [list(tables)])
        return dict(cursor.fetchall())


def problems(plan: Plan, sizes: dict[str, float], *, most: float = MOST_READ) -> list[str]:
    """Say what scans a big table sequentially, or is expected to read more than ``most`` rows of it."""
    return list(_look(plan, sizes, most, share=1.0))


def _look(node: Plan, sizes: dict[str, float], most: float, *, share: float) -> Iterator[str]:
    """Look at a node of which the ``share`` that is needed runs: 1, or less under a LIMIT."""
    kind, children = node["Node Type"], node.get("Plans", ())
    if kind == "Limit":
        share *= _share(node, children[0])
    elif kind in _BLOCKING:
        share = 1.0
    if kind != "ModifyTable" and node.get("Relation Name") in sizes:
        yield from _scan(node, sizes, most, share)
    for child in children:
        yield from _look(child, sizes, most, share=share)


def _share(limit: Plan, child: Plan) -> float:
    """Return how much of its input a LIMIT is expected to need, OFFSET and all: the planner says it as a cost."""
    whole = child["Total Cost"] - child["Startup Cost"]
    return min(1.0, (limit["Total Cost"] - child["Startup Cost"]) / whole) if whole else 1.0


def _scan(node: Plan, sizes: dict[str, float], most: float, share: float) -> Iterator[str]:
    table = node["Relation Name"]
    by_index = "Index Cond" in node or node["Node Type"] == "Bitmap Heap Scan"
    # Without a condition an index is walked from its end; what does not fit is read too.
    rows = share * (node["Plan Rows"] if by_index else sizes[node.get("Index Name", table)])
    if node["Node Type"] == "Seq Scan":
        yield f"scans {table} sequentially"
    elif rows > most:
        yield f"reads {rows:,.0f} rows of {table}"
