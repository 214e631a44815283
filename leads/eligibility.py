"""One lead, one kind: what would be sent to Enrow, or the sentence that says why nothing is."""

from __future__ import annotations

from enrow_webhooks.client.blanks import filled
from enrow_webhooks.client.errors import BadInput
from enrow_webhooks.client.values import Kind, Query
from leads.kinds import KINDS, Candidate, KindFacts
from leads.skips import NotSent, Reason, Skip


def judge(kind: Kind, lead: Candidate, *, overwrite: bool) -> Query | Skip:
    """Return the query for a lead, or why there is none."""
    facts = KINDS[kind]
    try:
        (_must_have_value if facts.judges else _must_be_blank)(facts, lead, overwrite=overwrite)
        return facts.query(lead)
    except NotSent as answer:
        return Skip(crm_id=lead.crm_id, kind=kind, reason=answer.reason, sentence=str(answer))
    except BadInput as error:
        return Skip(crm_id=lead.crm_id, kind=kind, reason=Reason.BAD_INPUT, sentence=str(error))


def _must_be_blank(facts: KindFacts, lead: Candidate, *, overwrite: bool) -> None:
    value = getattr(lead, facts.value)
    if value and not overwrite and facts.is_value(value):
        raise NotSent(Reason.ALREADY, f"It already has {facts.noun}.")


def _must_have_value(facts: KindFacts, lead: Candidate, *, overwrite: bool) -> None:
    if not filled(getattr(lead, facts.value)):
        raise NotSent(Reason.MISSING, f"It has no {facts.bare_noun} to verify.")
    status = getattr(lead, facts.status)
    if status in {facts.found, facts.not_found} and not overwrite:
        raise NotSent(Reason.ALREADY, f"Its {facts.bare_noun} is already known to be {status}.")


def value_before(kind: Kind, lead: Candidate) -> str:
    """Return what the lead has now in the field that the search is about."""
    return str(getattr(lead, KINDS[kind].value))
