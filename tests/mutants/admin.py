"""Faults in the admin of a project's own models, and in what its filters ask."""

from __future__ import annotations

from tests.mutants.fault import Fault

_STATUSES = "leads/statuses.py"

FAULTS = [
    Fault(
        file=_STATUSES,
        before="return states.alias(leads_about=about).filter(counts).order_by()",
        after="return states.alias(leads_about=about).order_by()",
        means="a status outlives an edit in the filter",
    ),
    Fault(
        file=_STATUSES,
        before="return Case(When(leads_text__regex=_NUMBER, then=number)) if is_postgres else number",
        after="return number",
        means="a key of an earlier mapping breaks the list",
        postgres=True,
    ),
    Fault(
        file=_STATUSES,
        before='return leads.filter(is_so if status else is_so | Q((f"{own}__isnull", True)))',
        after="return leads.filter(is_so)",
        means="NULL in the project's own column is no lead that was never tried",
    ),
    Fault(
        file=_STATUSES,
        before="kinds = [kind.value for kind, other in KINDS.items() if other.value == facts.value]",
        after="kinds = [kind.value for kind, other in KINDS.items() if other is facts]",
        means="who is being verified is not being searched",
    ),
]
