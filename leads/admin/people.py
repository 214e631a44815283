"""What a person types to find leads of ``leads.Lead``, as a condition that an index answers.

What is typed decides what is looked at. With the index of ``leads.search_indexes`` any part is found, else what a text
begins with. Each alternative has an index of its own: nothing reads the whole table.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from functools import reduce
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from enrow_webhooks.bounded_counts import BoundedPaginator, note_many
from enrow_webhooks.client.text import spelled
from enrow_webhooks.transactions import avoid_seqscan
from leads.csvfiles.finding import HOSTS, domain_of
from leads.kinds import VALUES
from leads.lookups import among
from leads.models import Lead

# Letters of the longest text that is searched: a full name.
_LONGEST = 400
# A name of more words is only looked for as a whole.
_MOST_WORDS = 6
# Letters that an index for parts needs in a row.
_PART = 3
_NAMES = ("firstname", "lastname", "fullname", "company_name")
# What nobody else has.
_OWN = tuple(facts.value for facts in VALUES if facts.is_persons_own)
_NOBODY = Q(pk__in=[])


def term_of(typed: str) -> str:
    """Return what is looked for: one line, without what nobody sees; blank: nothing is."""
    return spelled(typed[: 2 * _LONGEST])


def is_part(term: str) -> bool:
    """Tell whether an index for parts can find this."""
    letters = "".join(letter if letter.isalnum() else " " for letter in term)
    return any(len(word) >= _PART for word in letters.split())


def narrowed(leads: QuerySet[Any], term: str, *, anywhere: bool) -> QuerySet[Any]:
    """Return the leads that have this.

    Their keys are read first, in no order, so that PostgreSQL asks the indexes of all alternatives. In the order of the
    list it may walk through the whole table: of a text that no lead has it knows too little. What most leads have is
    found soon in any order, and is not counted again.
    """
    found, most = leads.filter(having(term, anywhere=anywhere)), BoundedPaginator.most
    with transaction.atomic(using=leads.db):
        avoid_seqscan(leads.db)
        keys = list(found.order_by().values_list("pk", flat=True)[: most + 1])
    if len(keys) <= most:
        return leads.filter(among("pk", Lead._meta.pk, keys))
    note_many(found)
    return found


def having(term: str, *, anywhere: bool) -> Q:
    """Return the condition that a lead has this: a part of a text with ``anywhere``, else its beginning.

    One letter begins too much: it is found where it is the whole text.
    """
    if len(term) > _LONGEST:
        return _NOBODY
    lookup = "icontains" if anywhere else "istartswith" if len(term) > 1 else "iexact"
    found = _has("crm_id", lookup, term)
    if "@" in term:
        return found | _any(_has(name, lookup, term) for name in _OWN) | _at_company(term, lookup)
    if " " in term:
        words = [word for each in term.split() if (word := each.strip(",;"))]
        return found | _any(_has(name, lookup, term) for name in _NAMES) | _named(words, lookup)
    # A person has no digit in the name, but a company may.
    names = _NAMES if not any(map(str.isdigit, term)) else ("company_name",)
    return found | _any(_has(name, lookup, term) for name in (*names, *_OWN)) | _has_domain(term, lookup)


def _has(name: str, lookup: str, text: str) -> Q:
    # The index leaves blanks out.
    return Q((f"{name}__{lookup}", text)) & ~Q((name, ""))


def _any(conditions: Iterable[Q]) -> Q:
    return reduce(operator.or_, conditions, _NOBODY)


def _has_domain(text: str, lookup: str) -> Q:
    """Typed as a host or an address of a page, stored as either."""
    host = domain_of(text)
    if lookup == "icontains":
        return _has("company_domain", lookup, host)
    return _any(_has("company_domain", lookup, spelling) for spelling in {text, *(start + host for start in HOSTS)})


def _at_company(text: str, lookup: str) -> Q:
    """``@firm.com`` is everybody at this company."""
    return _has_domain(text[1:], lookup) if text.startswith("@") and len(text) > 1 else _NOBODY


def _named(words: list[str], lookup: str) -> Q:
    """Several words: each in a name, or the first name and the last name, in one order or the other."""
    if not 1 < len(words) <= _MOST_WORDS:
        return _NOBODY
    if lookup == "icontains":
        return reduce(operator.and_, (_any(_has(name, lookup, word) for name in _NAMES[:3]) for word in words))
    halves = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    return _any(
        _has("firstname", lookup, first) & _has("lastname", lookup, last)
        for one, other in halves
        for first, last in ((one, other), (other, one))
    )
