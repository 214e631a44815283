"""What the demo shows: each lead before and after, its cost, who was skipped and why. Runs on the demo's database."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import django
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

django.setup()

# Models can only be imported once Django is set up.
from enrow_webhooks.client.values import Kind  # noqa: E402 - see above
from leads.conf import lead_settings  # noqa: E402 - see above
from leads.enrichment import Reason, Skip, estimate  # noqa: E402 - see above
from leads.kinds import KINDS, VALUES, WORDS, KindFacts, label  # noqa: E402 - see above
from leads.models import Lead, LeadSearch, SearchJob  # noqa: E402 - see above


def main(arguments: list[str]) -> int:
    """``before FILE`` notes how the leads are; ``after FILE LEDGER`` compares, and fails when the books disagree."""
    match arguments:
        case ["before", before]:
            Path(before).write_text(json.dumps(snapshot()), encoding="utf-8")
            return 0
        case ["after", before, ledger]:
            return show(*(json.loads(Path(name).read_text(encoding="utf-8")) for name in (before, ledger)))
    print(main.__doc__, file=sys.stderr)
    return 2


def snapshot() -> dict[str, Any]:
    """Return every lead's values, and what planning says about them."""
    leads = Lead._default_manager.all()
    tally = estimate(leads, find=set(WORDS), verify=True).tally
    return {
        "leads": {row.pop("crm_id"): row for row in leads.values("crm_id", *(facts.value for facts in VALUES))},
        "notes": [(skip.crm_id, f"{label(skip.kind)}: {skip.sentence}") for skip in tally.examples if _matters(skip)],
        "skipped": [(label(kind), reason.label, count) for (kind, reason), count in tally.skipped.items()],
    }


def _matters(skip: Skip) -> bool:
    """Tell whether a person would ask why: who has an e-mail needs none, who has none has nothing to verify."""
    return skip.reason is not Reason.ALREADY and not (KINDS[skip.kind].judges and skip.reason is Reason.MISSING)


def show(before: dict[str, Any], ledger: dict[str, Any]) -> int:
    """Print the tables; return 1 when this database and the fake Enrow disagree about what was spent."""
    console = Console()
    if not console.is_terminal:
        console.width = 150
    costs = _costs()
    console.print(_lead_table(before, costs))
    console.print(_skip_table(before["skipped"]))
    console.print(_totals(costs, ledger))
    spent = {SearchJob.objects.credits(), sum(costs.values(), Decimal(0)), Decimal(str(ledger["spent"]))}
    if len(spent) > 1:
        console.print(f"The books disagree: {', '.join(map(str, spent))} credits.", style="bold red")
    return len(spent) - 1


def _costs() -> dict[str, Decimal]:
    """Return what each lead cost: what was found, and every verification."""
    costs: dict[str, Decimal] = defaultdict(Decimal)
    answered = LeadSearch.objects.sent().filter(outcome__in=["found", "not_found"])
    for crm_id, kind, outcome in answered.values_list("crm_id", "kind", "outcome"):
        if outcome == "found" or KINDS[Kind(kind)].misses_cost:
            costs[crm_id] += lead_settings.price(Kind(kind))
    return costs


def _lead_table(before: dict[str, Any], costs: dict[str, Decimal]) -> Table:
    notes = defaultdict(list)
    for crm_id, note in [*before["notes"], *_shares()]:
        notes[crm_id].append(note)
    values = [Column(facts.bare_noun.capitalize(), overflow="fold") for facts in VALUES]
    table = Table("Lead", *values, Column("Credits", justify="right"), "Why not", title="The leads")
    for lead in Lead._default_manager.order_by("crm_id"):
        old = before["leads"][lead.crm_id]
        table.add_row(
            f"{lead.display_name() or lead.linkedin_url or '?'} ({lead.crm_id})",
            *(_change(facts, old[facts.value], lead) for facts in VALUES),
            f"{costs[lead.crm_id].normalize():f}" if lead.crm_id in costs else "",
            "\n".join(notes[lead.crm_id]),
        )
    return table


def _change(facts: KindFacts, old: str, lead: Lead) -> Text:
    """Return "before -> after (status)"; what did not change stands alone, a value never judged without a status."""
    new, words = getattr(lead, facts.value), getattr(lead, f"get_{facts.status}_display")()
    if not new:
        return Text(words, style="dim")
    judged = f" ({words})" if getattr(lead, facts.status) else ""
    return Text(f"{new}{judged}") if old == new else Text.assemble(f"{old} -> ".lstrip(), (new, "green"), judged)


def _shares() -> Iterator[tuple[str, str]]:
    """Yield who got a result that was bought for somebody else."""
    shared = LeadSearch.objects.filter(position__isnull=True, outcome__in=["found", "not_found"])
    for crm_id, kind in shared.values_list("crm_id", "kind"):
        yield crm_id, f"{label(kind)}: the same person as another lead, bought once"


def _skip_table(skipped: list[tuple[str, str, int]]) -> Table:
    table = Table("Search", "Skipped because", Column("Leads", justify="right"), title="What was not bought")
    for what, reason, count in sorted(skipped):
        table.add_row(what, reason, str(count))
    return table


def _totals(costs: dict[str, Decimal], ledger: dict[str, Any]) -> Table:
    jobs = SearchJob.objects.all()
    ways = Counter(job.get_result_via_display() or job.get_state_display() for job in jobs)
    table = Table("Total", Column("", justify="right"), title="The books")
    sums = jobs.sums()
    table.add_row("searches", str(sums.searched))
    table.add_row("found", str(sums.found))
    table.add_row("credits spent, by this database", f"{sums.spent:.2f}")
    table.add_row("credits reserved still", f"{sums.reserved:.2f}")
    table.add_row("credits reserved and released", f"{sums.released:.2f}")
    table.add_row("credits spent, by the fake Enrow", f"{Decimal(str(ledger['spent'])):.2f}")
    table.add_row("credits spent, lead by lead", f"{sum(costs.values(), Decimal(0)):.2f}")
    table.add_row("people bought more than once", str(len(ledger["bought_more_than_once"])))
    for way, count in ways.items():
        table.add_row(f"search jobs: {way}", str(count))
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
