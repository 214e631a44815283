"""Faults in what is checked of mappings, and in whose a crm_id is."""

from __future__ import annotations

from tests.mutants.fault import Fault

_CHECKS = "leads/mapping_checks"

FAULTS = [
    Fault(
        file="leads/mapping.py",
        before="            return least <= key <= most\n",
        after="            return True\n",
        means="a number that the key's column cannot hold ends in an error of the database",
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
        file="leads/apps.py",
        before='        import_module("leads.lead_mapping")\n',
        after="",
        means="a project cannot take our mapping away where its app stands before ours",
        tests=("tests/leads/test_labels.py",),
    ),
]
