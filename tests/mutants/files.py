"""Faults in what goes into files and comes out of them."""

from __future__ import annotations

from tests.mutants.fault import Fault

_CAREFUL = ("tests/leads/csvfiles/test_careful.py",)
_FORMS = ("tests/leads/csvfiles/test_forms.py",)
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
    Fault(
        file="leads/csvfiles/header.py",
        before="{name, _VERDICTS[name], CRM_ID} <= set(titles)",
        after="True",
        means="the status words of another program are taken for ours",
    ),
    Fault(
        file="leads/csvfiles/header.py",
        before="in map(_plain, program.other_meaning):",
        after="in ():",
        means="the seller's own company becomes the employer of every lead out of Odoo",
    ),
    Fault(
        file="leads/csvfiles/header.py",
        before="        others = []\n",
        after="",
        means="the ids of two programs are mixed",
    ),
    Fault(
        file="leads/csvfiles/own.py",
        before="if mode.update and (same := doubtful - others):",
        after="if False:",
        means="a married lead in a new job is never updated",
    ),
    Fault(
        file="leads/csvfiles/storing.py",
        before="    if condition == _NEVER:\n        return update(target, cells), set()\n",
        after="    if True:\n        return update(target, cells), set()\n",
        means="a tool that numbers from 1 renames the leads of another",
        tests=("tests/leads/csvfiles/test_own.py",),
    ),
    Fault(
        file="leads/csvfiles/own.py",
        before="if crm_id not in known}",
        after="}",
        means="every id that is there is told to have lost its zeros",
    ),
    Fault(
        file="leads/csvfiles/columns.py",
        before="        if facts.is_spoilt(text):",
        after="        if False:",
        means="a phone that a spreadsheet rounded is stored",
        tests=("tests/leads/csvfiles/test_forms.py",),
    ),
    Fault(
        file="leads/csvfiles/columns.py",
        before="given = [cells[name] for name in (facts.country, _COUNTRY) if name in cells]",
        after="given = [cells[name] for name in (facts.country,) if name in cells]",
        means="the country of a row says nothing of its phone",
        tests=("tests/leads/csvfiles/test_forms.py",),
    ),
    Fault(
        file="leads/csvfiles/columns.py",
        before="            and self._is_in_form(texts)\n",
        after="",
        means="domains are stored as they are typed",
        tests=("tests/leads/csvfiles/test_forms.py",),
    ),
    Fault(
        file="leads/numbers.py",
        before="    if parsed.extension:",
        after="    if False:",
        means="the extension of a phone is lost",
        tests=("tests/leads/csvfiles/test_forms.py",),
    ),
    Fault(
        file="leads/csvfiles/forms.py",
        before="if len(codes) == 1} | english",
        after="} | english",
        means="Kongo is one of two countries by chance",
    ),
    Fault(
        file="leads/csvfiles/guards.py",
        before='        text = _BEGINS.sub("\'", text)\n',
        after="        pass\n",
        means="a formula behind a semicolon runs where Excel splits there",
        tests=("tests/leads/csvfiles/test_exporting.py",),
    ),
    Fault(
        file="leads/csvfiles/columns.py",
        before="            and not may_be_guarded(whole)\n",
        after="",
        means="the apostrophes of an export stay",
        tests=("tests/leads/csvfiles/test_exporting.py",),
    ),
    Fault(
        file="leads/csvfiles/exporting.py",
        before='    cell.data_type = "s"\n',
        after="",
        means="a workbook holds formulas",
    ),
    Fault(
        file="leads/csvfiles/careful.py",
        before="        if not self._width or not self.may_open(lines[end - 1], row.cells):",
        after="        if True:",
        means="a row takes the begin of the next one where a line end became a quote",
        tests=_CAREFUL,
    ),
    Fault(
        file="leads/csvfiles/records.py",
        before="self._continues(rows[-1], following)",
        after="False",
        means="so it does where a block ends",
        tests=("tests/leads/csvfiles/test_records.py",),
    ),
    Fault(
        file="leads/csvfiles/careful.py",
        before=" or any(map(_OTHERWISE, lines[place : place + count]))",
        after="",
        means="a backslash that escapes is taken for a letter where both readings have the same cells",
        tests=_CAREFUL,
    ),
    Fault(
        file="leads/csvfiles/careful.py",
        before="                if not any(map(self._may_be_a_row, lines[place + 1 : place + count])):",
        after="                if False:",
        means="half of a cell becomes a row where a file is cut in a second such cell",
        tests=_CAREFUL,
    ),
    Fault(
        file="leads/csvfiles/tables.py",
        before='"in its last cell" if self._is_glued(cells[-1]) else ""',
        after='""',
        means="rows below a header that was glued to a row land in wrong columns",
        tests=("tests/leads/csvfiles/test_tables.py",),
    ),
    Fault(
        file="leads/csvfiles/columns.py",
        before='            and not (self._is_key() and ("E+" in whole or "e+" in whole))\n',
        after="",
        means="an id that a spreadsheet rounded is taken where all cells of the column look right",
        tests=_FORMS,
    ),
    Fault(
        file="leads/numbers.py",
        before="[.,]\\d+)?E\\+\\d+",
        after="[.,]\\d+)?E\\+?\\d+",
        means="ids of hexadecimal digits are taken for rounded numbers",
        tests=_FORMS,
    ),
]
