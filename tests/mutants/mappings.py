"""Faults in what is checked of mappings, and in whose a crm_id is."""

from __future__ import annotations

from tests.mutants.fault import Fault

_CHECKS = "leads/mapping_checks"

FAULTS = [
    Fault(
        file="leads/keys.py",
        before="        return least <= key <= most\n",
        after="        return True\n",
        means="a number that the key's column cannot hold ends in an error of the database",
        tests=("tests/leads/test_mapping.py",),
    ),
    Fault(
        file="leads/keys.py",
        before="        if not key or ",
        after="        if ",
        means="a blank key is a lead's name",
    ),
    Fault(
        file="leads/keys.py",
        before=" or self._field.get_prep_value(key) == key",
        after=" or True",
        means="a key in another spelling finds the row, and is none of its names",
    ),
    Fault(
        file="leads/outbox/planning.py",
        before="    return key is not mapped._meta.pk\n",
        after="    return False\n",
        means="a child's own primary key is taken for that of another lead, who is searched or left out in its place",
        tests=("tests/leads/test_mapped.py",),
    ),
    Fault(
        file="leads/filters.py",
        before="    leads = (model or mapping.model)._default_manager",
        after="    leads = mapping.model._default_manager",
        means="--model with a child or a proxy spends credits on the whole table of its parent",
        tests=("tests/leads/management/test_choosing.py",),
    ),
    Fault(
        file="leads/outbox/planning.py",
        before="        if crm_id == self._mapping.crm_id_prefix:\n",
        after="        if not crm_id:\n",
        means="a lead without a key is told that it was deleted",
        tests=("tests/journeys/test_identity.py",),
    ),
    Fault(
        file="leads/results/unsolicited.py",
        before="if result.crm_id and result.is_verbatim]",
        after="if result.crm_id]",
        means="a search from elsewhere is written to a lead that it names in another spelling",
        tests=("tests/journeys/test_identity.py",),
    ),
    Fault(
        file="leads/results/unsolicited.py",
        before="if lead := leads.get(result.crm_id):",
        after="if lead := leads.get(result.crm_id, next(iter(leads.values()), None)):",
        means="a lead that a collation found by another spelling is taken for the one that is named",
        tests=("tests/journeys/test_identity.py",),
    ),
    Fault(
        file="leads/results/unsolicited.py",
        before="            if doubt or result.crm_id not in served:\n",
        after="            if result.crm_id not in served:\n",
        means="of several results from elsewhere for one lead, those about others are not shown to anybody",
    ),
    Fault(
        file="leads/results/unsolicited.py",
        before=" or not all(result.is_verbatim for result in answer.results)",
        after="",
        means="a search from elsewhere is taken for ours by a name in another spelling",
        tests=("tests/journeys/test_identity.py",),
    ),
    Fault(
        file="leads/results/aside.py",
        before="if any(mapping.crm_id(key) == crm_id for key in found):",
        after="if found:",
        means="a result is given to a name that no lead has, and lost",
        tests=("tests/journeys/test_identity.py",),
    ),
    Fault(
        file=f"{_CHECKS}/sources.py",
        before="if field.one_to_many or field.many_to_many:",
        after="if field.many_to_many:",
        means="a foreign key backwards passes",
    ),
    Fault(
        file=f"{_CHECKS}/keys.py",
        before="if not constraint.deferrable]",
        after="]",
        means="a key that is unique only at the commit passes",
    ),
    Fault(
        file=f"{_CHECKS}/keys.py",
        before="length = longest + len(mapping.crm_id_prefix)",
        after="length = longest",
        means="a crm_id too long for the rows passes",
    ),
    Fault(
        file=f"{_CHECKS}/outputs.py",
        before="limit < facts.longest",
        after="limit < facts.longest - 1",
        means="a column that is one character too short passes",
    ),
    Fault(
        file=f"{_CHECKS}/querysets.py",
        before="if found.model._meta.concrete_model is not mapping.model:",
        after="if not issubclass(found.model, mapping.model):",
        means="rows of a child pass, and all leads are searched",
    ),
    Fault(
        file=f"{_CHECKS}/others.py",
        before="return not isinstance(source, str) or LOOKUP_SEP in source",
        after="return not isinstance(source, str)",
        means="a value over a relation that nobody blanks passes",
    ),
    Fault(
        file="leads/apps.py",
        before='        import_module("leads.lead_mapping")\n',
        after="",
        means="a project cannot take our mapping away where its app stands before ours",
        tests=("tests/leads/test_labels.py",),
    ),
]
