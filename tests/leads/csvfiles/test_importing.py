"""``manage.py import_leads`` and ``export_leads``: what a spreadsheet sends comes in whole, and goes out as it was."""

from __future__ import annotations

import tracemalloc

import pytest
from django.db import connection

from leads.csvfiles.exporting import export_leads
from leads.csvfiles.importing import import_leads
from leads.models import Lead
from tests.commands import run
from tests.leads.csvfiles.tables import table
from tests.leads.csvfiles.test_xlsx import workbook

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_spreadsheet_dialect_is_read(csv_file, separator, mark, end):
    """Comma, semicolon or tab, with and without BOM, with the line ends of every system."""
    rows = [["First Name", "LAST-NAME", "Web site", "e-mail", "ID"], ["Renée", "Łuk", "x.com", "r@x.com", "1"]]
    text = end.join(separator.join(row) for row in rows)

    assert run("import_leads", csv_file(mark + text.encode())).code == 0

    values = Lead.objects.values_list("firstname", "lastname", "company_domain", "email", "crm_id").get()
    assert values == ("Renée", "Łuk", "x.com", "r@x.com", "1")


def test_quoted_cells_keep_separators_quotes_and_line_breaks(csv_file):
    """What stands in quotes is one cell."""
    run("import_leads", csv_file('crm_id,company_name\n1,"Smith, ""Sons""\n& Co"\n'))

    assert Lead.objects.get().company_name == 'Smith, "Sons"\n& Co'


def test_outer_white_space_goes_and_names_stay_as_they_stand(csv_file):
    """A name is normalised at the moment of sending; what is searched for has one form, see test_forms.py."""
    run("import_leads", csv_file("crm_id,fullname,company_name\n 1 , Ann  LEE , ACME  Ltd \n"))

    assert Lead.objects.values_list("crm_id", "fullname", "company_name").get() == ("1", "Ann  LEE", "ACME  Ltd")


def test_a_row_without_crm_id_gets_one_made_up(csv_file):
    """A blank cell and a missing column alike."""
    run("import_leads", csv_file("crm_id,name\n,Ann\n,Bob\n"))
    run("import_leads", csv_file("name\nCem\n"))

    assert len(set(Lead.objects.values_list("crm_id", flat=True))) == 3
    assert not Lead.objects.filter(crm_id="").exists()


def test_unknown_columns_are_named_once_and_left_out(csv_file):
    """One warning on stderr, and the import goes on."""
    outcome = run("import_leads", csv_file("crm_id,shoe size,mood\n1,43,good\n2,44,bad\n"))

    assert outcome.code == 0
    assert outcome.err == "These columns are no field of a lead and were left out: 'shoe size', 'mood'.\n"
    assert Lead.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"shoe,mood\n1,2\n", "No column is a field of a lead"),
        (b"email" + b"," * 1000 + b"\n", "The first line has 1,001 columns"),
        ("crm_id,name\n1,Ann\n".encode("utf-16-le"), "not UTF-8"),
    ],
)
def test_a_file_that_is_no_table_of_leads_is_refused_whole(csv_file, content, sentence):
    """One sentence, exit code 2, nothing written."""
    outcome = run("import_leads", csv_file(content))

    assert outcome.code == 2
    assert sentence in outcome.err
    assert not Lead.objects.exists()


HOSTILE = {
    b"2,Bob,FR,x.com,x": "Line 3: it has 5 cells",
    b"2," + b"B" * 401 + b",FR,x.com": "Line 3: fullname is 401 characters long; 400 fit.",
    b"2,B\xe9b,FR,x.com": "Line 3: fullname has bytes that are not UTF-8",
    b"2,B\x00b,FR,x.com": "Line 3: fullname has a NUL character",
    b"1,Bob,FR,x.com": "Line 3: crm_id '1' stands in line 2 already.",
    b"2," + b"B" * 140_000 + b",FR,x.com": "Line 3: fullname is 140,000 characters long; 400 fit.",
    b"2," + b"B" * 1_100_000 + b",FR,x.com": "Line 3: the line has more than 1,000,000 characters.",
    b'2,"Bob,FR,x.com': "Line 3: a quote is left open: the file ends inside the quoted cell 2.",
}


@pytest.mark.parametrize(("row", "sentence"), HOSTILE.items(), ids=lambda value: value[:24])
def test_a_bad_row_is_named_with_its_line_and_the_rest_goes_on(csv_file, row, sentence):
    """The rows before and behind it are imported; exit code 1."""
    lines = [b"crm_id,fullname,country,domain", b"1,Ann,FR,x.com", row, b"3,Cem,TR,x.com"]
    outcome = run("import_leads", csv_file(b"\n".join(lines)))

    assert outcome.code == 1
    assert sentence in outcome.err
    assert "1 rows were not imported" in outcome.err
    assert list(Lead.objects.order_by("crm_id").values_list("crm_id", flat=True)) == ["1", "3"]


def test_a_quote_that_is_never_closed_costs_its_own_line_only(csv_file):
    """The rows below it come in; a file is not read into memory for its sake."""
    lines = "".join(f"{number},Ann\n" for number in range(10, 40_000))

    outcome = run("import_leads", csv_file(f'crm_id,fullname\n1,"Ann\n{lines}'), json=True)

    assert outcome.code == 1
    assert outcome.json["bad_rows"][0]["sentence"].startswith("Line 2: a quote is left open in cell 2")
    assert outcome.json["created"] == 39_990


def test_a_header_is_found_by_what_a_person_says_of_its_columns(csv_file):
    """Below notes, with titles that nobody else has."""
    rows = "Contacts of May\n\nKennung;Wer;Bei\n7;Ann Lee;Acme\n"
    chosen = {"map": ["Kennung=crm_id", "Wer=fullname", "Bei=company_name"]}

    assert run("import_leads", csv_file(rows), **chosen).code == 0
    lead = Lead.objects.get()
    assert (lead.crm_id, lead.fullname, lead.company_name) == ("7", "Ann Lee", "Acme")


def test_a_workbook_comes_in_by_the_same_command(csv_file):
    """Its rows are named by the sheet's numbers, and what was passed over is told."""
    rows = [["People of May"], ["crm_id", "fullname", "country"], [17.0, "Ann", "FR"], ["2", "B" * 401, "FR"]]
    outcome = run("import_leads", csv_file(workbook(("People", rows), ("Other", []))))

    assert (outcome.code, outcome.out) == (1, "1 created, 0 updated, 0 left alone, 1 refused.\n")
    assert "Row 4: fullname is 401 characters long" in outcome.err
    assert "Sheet 'People' was read, 1 others were not.\n1 rows above the header were passed over.\n" in outcome.err
    assert Lead.objects.get().crm_id == "17"


def test_what_the_database_refuses_is_one_bad_row_of_its_batch(csv_file):
    """A rule that only the database knows: the culprit is found by halving, the others are stored."""
    rows = "".join(f"{number},Ann\n" for number in range(50))
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX one_bob ON leads_lead (fullname) WHERE fullname = 'Bob'")

    outcome = run("import_leads", csv_file(f"crm_id,fullname\nb1,Bob\n{rows}b2,Bob\n"))

    assert outcome.code == 1
    assert "Line 53: the database refuses it" in outcome.err
    assert Lead.objects.count() == 51
    assert not Lead.objects.filter(crm_id="b2").exists()


def test_blank_lines_and_rows_of_blank_cells_are_no_leads(csv_file):
    """Spreadsheets leave them at the end."""
    assert run("import_leads", csv_file("crm_id,name\n\n1,Ann\n,\n , \n\n"), json=True).json["created"] == 1


def test_a_lead_that_is_there_is_left_alone(csv_file):
    """Without --update a second import changes nothing and says so."""
    path = csv_file("crm_id,name\n1,Ann\n2,Bob\n")
    run("import_leads", path)
    Lead.objects.filter(crm_id="1").update(fullname="Anna")

    assert run("import_leads", path).out == "0 created, 0 updated, 2 left alone, 0 refused.\n"
    assert Lead.objects.get(crm_id="1").fullname == "Anna"


def test_update_writes_filled_cells_and_a_blank_one_never_erases(csv_file):
    """--update touches the columns of the file only, creates who is new, and moves updated_at."""
    old = Lead.objects.create(crm_id="1", fullname="Ann", company_name="Firm", country_code="FR")

    outcome = run("import_leads", csv_file("crm_id,name,company,country\n1,Anna,,DE\n2,Bob,,\n"), update=True)

    lead = Lead.objects.get(crm_id="1")
    assert outcome.out == "1 created, 1 updated, 0 left alone, 0 refused.\n"
    assert (lead.fullname, lead.company_name, lead.country_code) == ("Anna", "Firm", "DE")
    assert lead.updated_at > old.updated_at


def test_several_bad_rows_of_a_batch_are_named_in_the_order_of_their_lines(csv_file):
    """A person fixes the file from top to bottom; a row is named for its first bad cell."""
    rows = ["1,Ann,FR", "1,Dan,FR", f"3,{'x' * 401},Narnia", "2,Bob,FR,x", "5,Eve,FR"]

    outcome = run("import_leads", csv_file("crm_id,fullname,country\n" + "\n".join(rows)), json=True)

    sentences = [row["sentence"] for row in outcome.json["bad_rows"]]
    assert [sentence.partition(":")[0] for sentence in sentences] == ["Line 3", "Line 4", "Line 5"]
    assert "fullname is 401" in sentences[1]
    assert list(Lead.objects.order_by("crm_id").values_list("crm_id", flat=True)) == ["1", "5"]


def test_update_with_nothing_but_crm_ids_changes_nothing(csv_file):
    """A file of ids alone has nothing to write."""
    Lead.objects.create(crm_id="1", fullname="Ann")

    assert run("import_leads", csv_file("crm_id\n1\n2\n"), update=True).code == 0
    assert Lead.objects.get(crm_id="1").fullname == "Ann"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file():
    """Four times the rows take the same memory, in and out."""

    def peak(work):
        tracemalloc.start()
        try:
            work()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    files = {count: table(count) for count in (10_000, 40_000)}
    small, large = (peak(lambda file=file: import_leads(file)) for file in files.values())
    assert large < small * 1.5
    Lead.objects.filter(pk__gt=Lead.objects.order_by("pk").values_list("pk", flat=True)[5000]).delete()

    class Nowhere:
        def write(self, text):
            return len(text)

    small = peak(lambda: export_leads(Nowhere()))
    import_leads(table(20_000))
    assert peak(lambda: export_leads(Nowhere())) < small * 1.5


REPORT = "Lead ID,First Name,Company / Account,Email\n{}"


def test_the_notes_below_a_report_become_no_leads(csv_file):
    """Salesforce ends a report with sums and rights, in the place of the id; an id alone is a lead that is known so."""
    rows = "00Q1,Ann,Acme,ann@acme.com\n00Q2,,,\nGrand Totals (2 records),,,\nConfidential - Do Not Distribute\n"
    outcome = run("import_leads", csv_file(REPORT.format(rows)))

    assert outcome.code == 1
    assert "Line 4: it has nothing but 'Grand Totals (2 records)'; is it a note below the table?\n" in outcome.err
    assert set(Lead.objects.values_list("crm_id", flat=True)) == {"00Q1", "00Q2"}


def test_an_id_with_a_blank_comes_back_from_our_own_file(csv_file):
    """Nobody but other programs writes notes below a table."""
    assert run("import_leads", csv_file("crm_id,firstname,email\nA 17,,\n")).code == 0
    assert Lead.objects.get().crm_id == "A 17"
