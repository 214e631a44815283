"""``manage.py import_leads`` and ``export_leads``: what a spreadsheet sends comes in whole, and goes out as it was."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import FloatField
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.csvfiles.columns import CellError, Column, guarded, unguarded
from leads.csvfiles.exporting import export_leads
from leads.csvfiles.importing import BATCH, import_leads
from leads.models import Lead
from tests.commands import ROOT, run, run_process, spawn
from tests.crm.models import Contact

pytestmark = pytest.mark.django_db

_BOOKKEEPING = {"id", "created_at", "updated_at"}


@pytest.fixture
def csv_file(tmp_path):
    """Write a file and return its path; text is written as UTF-8."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "leads.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def facts():
    """Return every lead without what the database keeps for itself."""
    rows = Lead.objects.order_by("crm_id").values()
    return [{key: value for key, value in row.items() if key not in _BOOKKEEPING} for row in rows]


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


def test_outer_white_space_goes_and_nothing_else_changes(csv_file):
    """Values are stored as they stand; normalising is for the moment of sending."""
    run("import_leads", csv_file("crm_id,fullname,company_domain,country\n 1 , Ann  LEE ,HTTPS://Firm.com/x?y, fr \n"))

    values = Lead.objects.values_list("crm_id", "fullname", "company_domain", "country_code").get()
    assert values == ("1", "Ann  LEE", "HTTPS://Firm.com/x?y", "fr")


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
        (b"email,E-Mail\na@b.c,d@e.f\n", "Columns 1 and 2 both mean email"),
        ("crm_id,name\n1,Ann\n".encode("utf-16"), "not UTF-8"),
        ("crm_id,name\n1,Ann\n".encode("utf-16-le"), "not UTF-8"),
    ],
)
def test_a_file_that_is_no_table_of_leads_is_refused_whole(csv_file, content, sentence):
    """One sentence, exit code 2, nothing written."""
    outcome = run("import_leads", csv_file(content))

    assert outcome.code == 2
    assert sentence in outcome.err
    assert not Lead.objects.exists()


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    """A wrong path, or a folder, is exit code 2."""
    assert "No such file" in run("import_leads", tmp_path / "none.csv").err
    assert run("import_leads", tmp_path).code == 2
    assert run("export_leads", tmp_path / "none" / "leads.csv").code == 2


HOSTILE = {
    b"2,Bob": "Line 3: it has 2 cells, the header has 4",
    b"2,Bob,FR,x.com,x": "Line 3: it has 5 cells",
    b"2," + b"B" * 401 + b",FR,x.com": "Line 3: fullname is 401 characters long; 400 fit.",
    b"2,B\xe9b,FR,x.com": "Line 3: fullname has bytes that are not UTF-8",
    b"2,B\x00b,FR,x.com": "Line 3: fullname has a NUL character",
    b"2,Bob,France,x.com": "Line 3: country_code 'France' is not a two-letter country code",
    b"1,Bob,FR,x.com": "Line 3: crm_id '1' stands in line 2 already.",
    b"2," + b"B" * 140_000 + b",FR,x.com": "Line 3: cannot be read up to line 3",
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


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity"])
def test_a_word_for_no_number_is_no_number(text):
    """Programs write "nan" into a blank cell of numbers; a host's column of numbers does not take it for one."""
    column = Column(place=0, field=FloatField(name="score"))
    value, error = column.read(["0.5", text])
    assert value == 0.5
    assert isinstance(error, CellError)
    assert f"score '{text}' is not a number" in str(error)


def test_a_quote_that_is_never_closed_costs_its_own_lines_only(csv_file):
    """What a stray quote swallows is one bad row; a file is not read into memory for its sake."""
    lines = "".join(f"{number},Ann\n" for number in range(10, 40_000))

    outcome = run("import_leads", csv_file(f'crm_id,fullname\n1,"Ann\n{lines}'), json=True)

    assert outcome.code == 1
    assert outcome.json["bad_rows"][0]["sentence"].startswith("Line 2: cannot be read up to line ")
    assert outcome.json["created"] > 20_000


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


def test_update_leaves_a_lead_alone_that_it_would_not_change(csv_file):
    """A file that is imported again every night writes what differs only: the rest is counted as left alone."""
    before = Lead.objects.create(crm_id="1", fullname="Ann", company_name="Firm").updated_at
    Lead.objects.create(crm_id="2", fullname="Bob")

    outcome = run("import_leads", csv_file("crm_id,name,company\n1,Ann,\n2,Bobby,\n"), update=True)

    assert outcome.out == "0 created, 1 updated, 1 left alone, 0 refused.\n"
    assert Lead.objects.get(crm_id="1").updated_at == before
    assert Lead.objects.get(crm_id="2").fullname == "Bobby"


def test_an_export_shows_how_far_it_is(csv_file):
    """Whoever watches hears the number of leads after each page, the last one with all of them."""
    import_leads(table(4500))
    heard = []

    assert export_leads(io.StringIO(), watch=heard.append) == 4500
    assert heard == [2000, 4000, 4500]


@pytest.mark.parametrize("update", [False, True])
def test_a_lead_model_of_the_host_gets_its_own_keys_and_defaults(settings, update):
    """A key and a JSON that the model makes up for each lead, a default of the database's, and the automatic times."""
    settings.ENROW = {**settings.ENROW, "LEAD_MODEL": "crm.Contact"}

    with CaptureQueriesContext(connection) as queries:
        file = io.BytesIO(b"crm_id,name,account,region\n1,Ann,A,us\n2,Bob,,\n3,Cem,C,\n")
        done = import_leads(file, update=update)

    # More would mean that the rows had to be stored one by one.
    assert len(queries) <= 7
    assert list(Contact.objects.order_by("crm_id").values_list("region", "extra")) == [
        ("us", {}),
        ("eu", {}),
        ("eu", {}),
    ]
    rows = Contact.objects.order_by("crm_id").values_list("crm_id", "fullname", "account", "email", "phone_checked_at")
    assert done.created == 3
    assert list(rows) == [("1", "Ann", "A", "", None), ("2", "Bob", "", "", None), ("3", "Cem", "C", "", None)]
    assert len(set(Contact.objects.values_list("pk", flat=True))) == 3
    assert not Contact.objects.filter(created_at__isnull=True).exists()


def test_several_bad_rows_of_a_batch_are_named_in_the_order_of_their_lines(csv_file):
    """A person mends the file from top to bottom; a row is named for its first bad cell."""
    rows = ["1,Ann,FR", "1,Dan,FR", f"3,{'x' * 401},France", "2,Bob", "5,Eve,FR"]

    outcome = run("import_leads", csv_file("crm_id,fullname,country\n" + "\n".join(rows)), json=True)

    sentences = [row["sentence"] for row in outcome.json["bad_rows"]]
    assert [sentence.partition(":")[0] for sentence in sentences] == ["Line 3", "Line 4", "Line 5"]
    assert "fullname is 401" in sentences[1]
    assert list(Lead.objects.order_by("crm_id").values_list("crm_id", flat=True)) == ["1", "5"]


def test_a_new_address_is_not_verified(csv_file):
    """What was known of the old e-mail and phone does not hold for the new ones; the same value keeps its verdict."""
    known = {"email_status": "valid", "email_checked_at": timezone.now()}
    for crm_id in "12":
        Lead.objects.create(
            crm_id=crm_id, email="a@x.com", phone="+33199001234", phone_status="found", phone_country="FR", **known
        )

    run("import_leads", csv_file("crm_id,email,phone\n1,b@x.com,+48221234567\n2,a@x.com,+33199001234\n"), update=True)

    changed, same = Lead.objects.order_by("crm_id")
    assert (changed.email, changed.email_status, changed.email_checked_at) == ("b@x.com", "", None)
    assert (changed.phone, changed.phone_status, changed.phone_country) == ("+48221234567", "", "")
    assert (same.email_status, same.email_checked_at, same.phone_country) == ("valid", known["email_checked_at"], "FR")


def test_update_with_nothing_but_crm_ids_changes_nothing(csv_file):
    """A file of ids alone has nothing to write."""
    Lead.objects.create(crm_id="1", fullname="Ann")

    assert run("import_leads", csv_file("crm_id\n1\n2\n"), update=True).code == 0
    assert Lead.objects.get(crm_id="1").fullname == "Ann"


STRANGE = [
    "=1+1",
    "+33 1 99",
    "-3",
    "@x",
    "'=1",
    "''=1",
    "'quoted'",
    "'",
    "=",
    "+33199001234",
    "'+33199001234",
    " =1",
    "a\tb",
    "a,b;c",
    'say "hi"',
    "two\nlines",
    "two\r\nlines",
    "Łukasz",
    "山田",
    "＝1",
    "\\",
    "None",
    "0",
]


def test_a_file_comes_back_as_it_went_out(csv_file, tmp_path):
    """import(export(x)) == x for every field, formulas and line breaks among them; twice, and with --update too."""
    now = timezone.now()
    Lead.objects.bulk_create(
        Lead(
            crm_id=f"id-{number}",
            fullname=text,
            company_name=text,
            phone=text[:32],
            phone_country="FR",
            email="a@x.com",
            email_status="valid",
            email_checked_at=now,
        )
        for number, text in enumerate(STRANGE)
    )
    before = facts()
    path = tmp_path / "out.csv"

    assert run("export_leads", path).out == f"Wrote {len(STRANGE)} leads to {path}.\n"
    assert run("import_leads", path, update=True).code == 0
    assert facts() == before
    Lead.objects.all().delete()
    assert run("import_leads", path).code == 0
    assert facts() == before


@pytest.mark.parametrize("text", STRANGE)
def test_no_cell_begins_like_a_formula(text):
    """Guarding is undone exactly, and what is guarded runs nowhere; a plain phone stays readable for other programs."""
    assert unguarded(guarded(text)) == text
    assert guarded(text).lstrip()[:1] not in set("=-@＝") | ({"+"} if text != "+33199001234" else set())


def test_a_person_who_typed_an_apostrophe_before_the_plus_meant_the_phone(csv_file):
    """'+331… is how people keep a plus in a spreadsheet."""
    run("import_leads", csv_file("crm_id,phone\n1,+33199001233\n2,'+33199001234\n"))

    assert Lead.objects.get(crm_id="2").phone == "+33199001234"


def table(count):
    rows = "".join(f"crm-{number},Ann{number},Lee,firm{number}.com\n" for number in range(count))
    return io.BytesIO(f"crm_id,firstname,lastname,company_domain\n{rows}".encode())


@pytest.mark.parametrize("update", [False, True])
def test_a_batch_costs_a_constant_number_of_queries(update):
    """Ten batches cost ten times what one does, neither more for new leads nor for those that are there."""

    def cost(count):
        with CaptureQueriesContext(connection) as queries:
            import_leads(table(count), update=update)
        return len(queries)

    first, again = cost(BATCH), cost(BATCH)
    assert again <= 5
    Lead.objects.all().delete()
    assert cost(10 * BATCH) <= 10 * first
    assert Lead.objects.count() == 10 * BATCH


@pytest.mark.postgres
@pytest.mark.parametrize("update", [False, True])
def test_a_batch_does_not_read_all_leads(update):
    """PostgreSQL would rather read a table that is ten times as big as the batch, for each batch."""
    import_leads(table(5000))
    plans = []

    def explain(execute, text, params, many, context):
        if "jsonb_array_elements" in text and not text.startswith("EXPLAIN"):
            context["cursor"].execute(f"EXPLAIN {text}", params)
            plans.append("\n".join(line for (line,) in context["cursor"].fetchall()))
        return execute(text, params, many, context)

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_lead")
    with connection.execute_wrapper(explain):
        import_leads(table(500), update=update)
    assert len(plans) == (2 if update else 1)
    assert not [plan for plan in plans if "Seq Scan on leads_lead" in plan]


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


def test_the_example_file_is_clean_and_varied():
    """The demo's file imports without a bad row or an unknown column."""
    outcome = run("import_leads", ROOT / "examples" / "leads.csv")

    assert (outcome.code, outcome.err) == (0, "")
    assert Lead.objects.count() == 60


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_through_pipes(csv_file):
    """'-' is stdin and stdout; stdout holds the table only, and a reader that goes early is no error."""
    rows = "".join(f"{number},Ann\n" for number in range(5000))
    with csv_file(f"crm_id,name\n{rows}").open() as file, spawn("import_leads", "-", "--json", stdin=file) as process:
        assert '"created": 5000' in process.communicate(timeout=60)[0]
    assert run_process("export_leads", "-").out.startswith("crm_id,firstname,")

    with spawn("export_leads", "-", "--skip-checks") as process:
        process.stdout.readline()
        process.stdout.close()
        assert (process.wait(30), process.stderr.read()) == (0, "")
