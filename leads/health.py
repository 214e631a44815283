"""Is everything well? For a health check of the host: a few indexed queries, no HTTP, no broker."""

from __future__ import annotations

from enrow_webhooks import health
from leads.upkeep.doctor import aside_findings, home_findings, result_findings, sweep_findings


def problems() -> list[str]:
    """Return a sentence for each thing that needs a person; an empty list when all is well. Never raises.

    It looks whether the rows belong to this deployment, at events that wait, are dead or were turned away, at the
    sweep, and at results that reached no lead or wait for a person. ``enrow_doctor`` looks at more.
    """
    return health.problems(home_findings, sweep_findings, result_findings, aside_findings)
