"""Leads by what is known of them, as conditions of one query; ``reading`` says the same of rows that were read.

What stands in LeadEnrichment, and in searches that are under way, is found by an index: from a lead by the text of its
key. Where few rows can fit, also from those, by the key that their text names; PostgreSQL chooses.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Exists,
    Expression,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Collate, Concat, Replace, Substr

from leads import crm_ids
from leads.digests import INPUTS, Digest
from leads.kinds import KINDS, KindFacts
from leads.mapping import LeadMapping, Source
from leads.models import LeadEnrichment, LeadSearch, SearchJob
from leads.reading import is_plain

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

# So many rows are looked up one by one sooner than a page of leads is found among all.
_FEW = 10_000
# Those of one run lie side by side; more than the admin enriches at once are asked for lead by lead.
_FEW_OF_RUN = 100_000
_KEY, _OWN, _ABOUT = "leads_key", "leads_own_{}", "leads_about_{}"


def labels(facts: KindFacts) -> dict[str, StrPromise]:
    """Return each status of a value with what a person calls it; the blank one, too."""
    return dict(LeadEnrichment._meta.get_field(facts.status).flatchoices)  # type: ignore[union-attr]  # it is a column


def can_tell(mapping: LeadMapping, facts: KindFacts) -> bool:
    """Tell whether a query knows the status of a value, be it in the lead's own column or beside its table.

    Beside the table it is compared with what the lead has: not in a field that encrypts, or in another database.
    """
    return bool(mapping.source(facts.status)) or _can_compare(mapping, facts)


def can_tell_when(mapping: LeadMapping, facts: KindFacts) -> bool:
    """Tell whether a query knows when Enrow was asked for a value."""
    return bool(mapping.source(facts.checked_at)) or _can_compare(mapping, facts)


def _can_compare(mapping: LeadMapping, facts: KindFacts) -> bool:
    names = [facts.value, *INPUTS]
    return crm_ids.can_be_asked(mapping) and all(_is_text(mapping, mapping.source(name)) for name in names)


def having(mapping: LeadMapping, facts: KindFacts, leads: QuerySet[Any], status: str) -> QuerySet[Any]:
    """Return the leads of whose value this is known; ``""``: nothing that counts is."""
    if own := mapping.source(facts.status):
        is_so = Q((str(own), status))
        return leads.filter(is_so if status else is_so | Q((f"{own}__isnull", True)))
    if status:
        return _known(mapping, facts, leads, {facts.status: status})
    leads = _described(mapping, facts, leads)
    words = [word for word in labels(facts) if word]
    states = LeadEnrichment.objects.filter(model=mapping.label, **{f"{facts.status}__in": words}, key=OuterRef(_KEY))
    return leads.exclude(Exists(_counting(facts, states)))


def checked(
    mapping: LeadMapping, facts: KindFacts, leads: QuerySet[Any], lookup: str, at: dt.datetime
) -> QuerySet[Any]:
    """Return the leads for whose value Enrow was asked ``lt`` or ``gte`` a moment, as far as what came counts still."""
    if own := mapping.source(facts.checked_at):
        return leads.filter(Q((f"{own}__{lookup}", at)))
    return _known(mapping, facts, leads, {f"{facts.checked_at}__{lookup}": at})


def searching(mapping: LeadMapping, facts: KindFacts, leads: QuerySet[Any]) -> QuerySet[Any]:
    """Return the leads for whose value a search is under way."""
    kinds = [kind.value for kind, other in KINDS.items() if other.value == facts.value]
    pending = LeadSearch.objects.pending().filter(model=mapping.label, kind__in=kinds).order_by()
    leads = leads.alias(**{_KEY: crm_ids.text(mapping, leads.db)})
    return leads.filter(Exists(_of_lead(mapping, pending, "crm_id", leads.db)))


def in_run(mapping: LeadMapping, leads: QuerySet[Any], run: uuid.UUID, **met: Any) -> QuerySet[Any]:  # noqa: ANN401 - lookups of any field
    """Return the leads that a run searched, or whose result it reused; those of its searches that meet the lookups."""
    jobs = dict(SearchJob.objects.filter(run=run).order_by().values_list("pk", "requested"))
    leads = leads.alias(**{_KEY: crm_ids.text(mapping, leads.db)})
    # By the jobs' ids, of which PostgreSQL knows how many searches they have.
    searches = LeadSearch.objects.filter(job__in=list(jobs), model=mapping.label, **met).order_by()
    if sum(jobs.values()) <= _FEW_OF_RUN:
        return leads.filter(Exists(_of_lead(mapping, searches, "crm_id", leads.db)))
    # Lead by lead, until the page is full: PostgreSQL would read all that the run searched.
    one = searches.filter(crm_id=_text_of_lead(mapping.crm_id_prefix)).values("pk")[:1]
    narrowed: QuerySet[Any] = leads.alias(leads_search=Subquery(one)).filter(leads_search__isnull=False)
    return narrowed


def _known(mapping: LeadMapping, facts: KindFacts, leads: QuerySet[Any], met: dict[str, object]) -> QuerySet[Any]:
    """Return the leads of which this is known beside their table, and counts."""
    leads = _described(mapping, facts, leads)
    states = LeadEnrichment.objects.filter(model=mapping.label, **met)
    return leads.filter(Exists(_counting(facts, _of_lead(mapping, states, "key", leads.db))))


def _described(mapping: LeadMapping, facts: KindFacts, leads: QuerySet[Any]) -> QuerySet[Any]:
    """Give the leads the text of their key, and what a status of the value has to be about to count."""
    own, about = _OWN.format(facts.value), _ABOUT.format(facts.value)
    digest = Digest(*(_as_text(mapping.source(name)) for name in INPUTS))
    is_about = Case(When(Q((own, "")), then=digest), default=Concat(Value("+"), F(own)), output_field=TextField())
    # Whatever collation the project's column has: equal is what has the same characters.
    exact = Collate(is_about, "C" if crm_ids.is_postgres(leads.db) else "BINARY")
    described = leads.alias(**{_KEY: crm_ids.text(mapping, leads.db), own: _as_text(mapping.source(facts.value))})
    narrowed: QuerySet[Any] = described.alias(**{about: exact})
    return narrowed


def _counting(facts: KindFacts, states: QuerySet[LeadEnrichment]) -> QuerySet[LeadEnrichment]:
    """Return those that are about what the lead of the outer query has.

    As a value, not as a comparison: of that PostgreSQL would believe that nearly no lead passes it.
    """
    inputs = Replace(Cast(f"{facts.value}_inputs", TextField()), Value("-"), Value(""))
    about = Case(
        When(Q((facts.value, "")), then=Coalesce(inputs, Value(""))),
        default=Concat(Value("+"), F(facts.value)),
        output_field=TextField(),
    )
    is_about = Q(leads_about=OuterRef(_ABOUT.format(facts.value)))
    counts = Case(When(is_about, then=Value(value=True)), default=Value(value=False), output_field=BooleanField())
    return states.alias(leads_about=about).filter(counts).order_by()


def _of_lead(mapping: LeadMapping, rows: QuerySet[Any], name: str, alias: str) -> QuerySet[Any]:
    """Return the rows that name the lead of the outer query: by its key in ``key``, by its crm_id in ``crm_id``."""
    prefix = "" if name == "key" else mapping.crm_id_prefix
    is_few = rows.order_by()[: _FEW + 1].count() <= _FEW
    named: Expression | F | None = crm_ids.key(mapping, "leads_text", alias) if is_few else None
    if is_few and named is None and prefix and crm_ids.compares_as_text(mapping):
        named = F("leads_text")
    rows = rows.filter(**{name: _text_of_lead(prefix)})
    if named is None:
        return rows
    rows = rows.alias(leads_text=Substr(name, len(prefix) + 1) if prefix else F(name))
    narrowed: QuerySet[Any] = rows.alias(leads_named=named).filter(leads_named=OuterRef(mapping.key_name))
    return narrowed


def _text_of_lead(prefix: str) -> Concat | OuterRef:
    """Return the text of the outer query's key, behind a prefix."""
    return Concat(Value(prefix), OuterRef(_KEY), output_field=CharField()) if prefix else OuterRef(_KEY)


def _as_text(source: Source) -> Expression:
    """Return a source as text; NULL, and what the mapping leaves out, is ''."""
    if isinstance(source, str) and not source:
        return Value("", output_field=TextField())
    return Coalesce(Cast(source, TextField()), Value(""), output_field=TextField())


def _is_text(mapping: LeadMapping, source: Source) -> bool:
    """Tell whether the database has the very text that Python reads there."""
    if isinstance(source, str) and not source:
        return True
    try:
        found = mapping.rows().annotate(leads_text=F(source) if isinstance(source, str) else source)
        return is_plain(found.query.annotations["leads_text"].output_field)
    except FieldError:
        return False
