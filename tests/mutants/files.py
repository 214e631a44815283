"""Faults in what goes into files and comes out of them."""

from __future__ import annotations

from tests.mutants.fault import Fault

_MAPPED = ("tests/leads/csvfiles/test_mapped.py",)

FAULTS = [
    Fault(
        file="leads/csvfiles/finding.py",
        before='    return way.against == "name" or _has_another_company(row, lead)\n',
        after="    return _has_another_company(row, lead)\n",
        means="a shared address brings a stranger's name onto a lead",
        tests=_MAPPED,
    ),
    Fault(
        file="leads/csvfiles/finding.py",
        before="        if len(fitting) == 1:",
        after="        if fitting:",
        means="one of two namesakes is written, whichever comes first",
        tests=_MAPPED,
    ),
    Fault(
        file="leads/csvfiles/mapped.py",
        before="        elif lead.crm_id in hidden:",
        after="        elif False:",
        means="who was deleted softly is written to",
    ),
    Fault(
        file="leads/csvfiles/mapped.py",
        before="    if not (save or target.needs_orm):\n        cells",
        after="    if not save:\n        cells",
        means="a field that encrypts is updated by SQL",
    ),
    Fault(
        file="leads/csvfiles/fields.py",
        before="        field=field if is_text else None,\n",
        after="        field=field,\n",
        means="another program's id becomes a key of the database",
        tests=_MAPPED,
    ),
    Fault(
        file="leads/csvfiles/saving.py",
        before='    if not changed:\n        return False, ""\n',
        after="",
        means="each import saves every lead again",
        tests=_MAPPED,
    ),
]
