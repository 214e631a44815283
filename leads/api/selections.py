"""Which leads a request is about: only those that the user sees, whatever it asks for.

What is not there and what is not shown is told in the same words. A filter that nobody knows is an error: left out, it
would select everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError

from leads import crm_ids, rights, statuses
from leads.kinds import VALUES, KindFacts
from leads.lookups import among
from leads.mapping import LeadMapping, registry
from leads.narrowing import Filter, NoFilterError, NoValueError, filters_of, moment
from leads.permissions import VIEW_FOUND_VALUES

CRM_ID, SEARCHING = "crm_id", "searching"
# What is said of a status that is blank.
NEVER = "never_tried"
# crm_ids in one address or one filter.
_MOST_NAMES = 200
# Names that an error repeats.
_NAMED = 10

# Narrows leads by the texts that were given. Raises NoValueError.
_Narrow = Callable[[QuerySet[Any], list[str]], QuerySet[Any]]


def seen(user: Any, label: str) -> LeadMapping:  # noqa: ANN401 - the project's own user model
    """Return a mapped model whose leads a user may see. Raises NotFound."""
    mapping = registry.labelled(label.lower())
    if mapping is None or not rights.may_view(user, mapping.model):
        raise NotFound
    return mapping


def visible(user: Any, mapping: LeadMapping) -> QuerySet[Any]:  # noqa: ANN401 - the project's own user model
    """Return the leads of a model that a user sees."""
    return mapping.visible_to(user, mapping.rows())


def selected(user: Any, asked: Mapping[str, Any]) -> QuerySet[Any]:  # noqa: ANN401 - the project's own user model
    """Return the leads that a body asks for. Raises ValidationError, in the same words for what is hidden or absent."""
    mapping = registry.labelled(str(asked["model"]).lower())
    if mapping is None or not rights.may_search(user, mapping):
        raise ValidationError({"model": ["There is no such model whose leads you may search."]})
    leads = visible(user, mapping)
    if names := asked.get("crm_ids"):
        return _named(mapping, leads, names)
    given = {name: list(map(_as_text, _as_list(value))) for name, value in asked.get("filter", {}).items()}
    try:
        return narrowed(user, mapping, leads, given, in_address=False)
    except ValidationError as error:
        raise ValidationError({"filter": error.detail}) from None


def _named(mapping: LeadMapping, leads: QuerySet[Any], names: Collection[str]) -> QuerySet[Any]:
    """Return the leads of these names. Raises ValidationError where one of them is nobody whom the user sees."""
    leads = _of_names(mapping, leads, names)
    known = {mapping.crm_id(key) for key in leads.values_list(mapping.crm_id_field, flat=True)}
    if unknown := [name for name in names if name not in known]:
        some = ", ".join(unknown[:_NAMED]) + (", …" if len(unknown) > _NAMED else "")
        raise ValidationError({"crm_ids": [f"{len(unknown)} of them name no lead that you may see: {some}"]})
    return leads


def _of_names(mapping: LeadMapping, leads: QuerySet[Any], names: Collection[str]) -> QuerySet[Any]:
    keys = {mapping.key(name) for name in names} - {None}
    return leads.filter(among(mapping.crm_id_field, mapping.own_key_field, keys)) if keys else leads.none()


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else str(value)


def narrowed(
    user: Any,  # noqa: ANN401 - the project's own user model
    mapping: LeadMapping,
    leads: QuerySet[Any],
    given: Mapping[str, list[str]],
    *,
    in_address: bool,
) -> QuerySet[Any]:
    """Return the leads that meet every filter. Raises ValidationError.

    ``in_address``: the filters stand in a URL, which is logged: none that says who somebody is may stand there.
    """
    known, own = _ours(mapping), _own(mapping)
    if unknown := sorted(given.keys() - known.keys() - own.keys()):
        told = f"There is no such filter. Filters: {', '.join(sorted({*known, *own}))}."
        raise ValidationError({name[:100]: [told] for name in unknown[:10]})
    for name, texts in given.items():
        try:
            if name in known:
                leads = known[name](leads, texts)
            else:
                _check(own[name], user, in_address=in_address)
                leads = leads.filter(own[name].condition(texts, leads.db))
        except NoValueError as error:
            raise ValidationError({name[:100]: [str(error)]}) from None
    return leads


def names_of(user: Any, mapping: LeadMapping) -> list[str]:  # noqa: ANN401 - the project's own user model
    """Return the filters that a user may use."""
    may_view_values = user.has_perm(VIEW_FOUND_VALUES)
    own = [name for name, one in _own(mapping).items() if may_view_values or not one.is_output]
    return sorted({*_ours(mapping), *own})


def _own(mapping: LeadMapping) -> dict[str, Filter]:
    try:
        return filters_of(mapping)
    except NoFilterError:
        return {}  # a check says so


def _check(one: Filter, user: Any, *, in_address: bool) -> None:  # noqa: ANN401 - the project's own user model
    if one.is_output and not user.has_perm(VIEW_FOUND_VALUES):
        raise NoValueError("You may not view found values, nor ask for leads by them.")
    if one.is_personal and in_address:
        raise NoValueError(
            "It says who somebody is, and addresses are logged: send it in the body of a run or estimate."
        )


def _ours(mapping: LeadMapping) -> dict[str, _Narrow]:
    """Return the filters that every mapping has, as far as a query can answer them."""
    found: dict[str, _Narrow] = {CRM_ID: lambda leads, texts: _of_names(mapping, leads, _few(texts))}
    facts_of = {facts.value: facts for facts in VALUES if mapping.source(facts.value)}
    if crm_ids.can_be_asked(mapping):
        found[SEARCHING] = lambda leads, texts: statuses.searching(mapping, _choice(facts_of, texts), leads)
    for facts in facts_of.values():
        if statuses.can_tell(mapping, facts):
            found[facts.status] = _by_status(mapping, facts)
        if statuses.can_tell_when(mapping, facts):
            name = facts.checked_at.removesuffix("_at")
            found[f"{name}_before"] = _by_age(mapping, facts, "lt")
            found[f"{name}_after"] = _by_age(mapping, facts, "gte")
    return found


def _by_status(mapping: LeadMapping, facts: KindFacts) -> _Narrow:
    known = {status or NEVER: status for status in statuses.labels(facts)}
    return lambda leads, texts: statuses.having(mapping, facts, leads, _choice(known, texts))


def _by_age(mapping: LeadMapping, facts: KindFacts, lookup: str) -> _Narrow:
    return lambda leads, texts: statuses.checked(mapping, facts, leads, lookup, moment(_one(texts)))


def _choice(known: Mapping[str, Any], texts: list[str]) -> Any:  # noqa: ANN401 - whatever the words stand for
    text = _one(texts)
    if text not in known:
        raise NoValueError(f"It takes one of {', '.join(sorted(known))}.")
    return known[text]


def _one(texts: list[str]) -> str:
    if len(texts) != 1:
        raise NoValueError("It takes one value.")
    return texts[0]


def _few(texts: list[str]) -> list[str]:
    if len(texts) > _MOST_NAMES:
        raise NoValueError(f"It takes up to {_MOST_NAMES} of them; a run takes more as crm_ids.")
    return texts
