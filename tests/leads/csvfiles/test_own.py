"""Who a row is about, for ``leads.Lead``: its crm_id, or one that follows from the person."""

from __future__ import annotations

import pytest

from leads.csvfiles.identity import named
from leads.models import Lead
from tests.commands import run

pytestmark = pytest.mark.django_db

ANN = "Ann,Lee,ann@x.com,https://www.linkedin.com/in/ann-lee,Firm,firm.com"
HEADER = "firstname,lastname,email,linkedin_url,company,website\n"


def ids():
    return list(Lead.objects.order_by("pk").values_list("crm_id", flat=True))


def test_the_same_export_twice_doubles_nobody(csv_file):
    """Without any id: by profile, by e-mail, and by name and company."""
    rows = f"{ANN}\nBob,Roy,bob@x.com,,,\nCem,Ak,,,Firm,\nDee,Ok,,,,firm.com"
    path = csv_file(f"{HEADER}{rows}\n")

    assert run("import_leads", path).out == "4 created, 0 updated, 0 left alone, 0 refused.\n"
    assert run("import_leads", path).out == "0 created, 0 updated, 4 left alone, 0 refused.\n"
    assert run("import_leads", path, update=True).out == "0 created, 0 updated, 4 left alone, 0 refused.\n"


@pytest.mark.parametrize(
    "other",
    [
        "ANNA,Lee,other@x.com,linkedin.com/in/Ann-Lee/?trk=1,,",
        "Ann,LEE,,http://fr.linkedin.com/in/ann-lee/,Other,",
    ],
)
def test_a_profile_in_another_spelling_is_the_same_person(csv_file, other):
    """The profile counts before all else."""
    run("import_leads", csv_file(f"{HEADER}{ANN}\n"))
    assert run("import_leads", csv_file(f"{HEADER}{other}\n")).out.startswith("0 created")


def test_an_id_never_changes_and_shows_nobody():
    """It is 96 bits in hexadecimal, the same in each copy of a project; a changed one would double everybody."""
    cells = {
        name: [None] * 3 for name in ("crm_id", "firstname", "lastname", "company_domain", "email", "linkedin_url")
    }
    cells |= {"linkedin_url": ["linkedin.com/in/ann", None, None], "email": [None, "Ann@x.com", None]}
    cells |= {
        "firstname": [None, None, "Ann"],
        "lastname": [None, None, "Lee"],
        "company_domain": [None, None, "x.com"],
    }
    found, known_by = named(cells)
    assert found == IDS
    assert known_by == {"crm_id": 0, "profile": 1, "e-mail": 1, "name and company": 1}


IDS = ["223658f38054aeb940983f92", "cb046f415dbb18ff76d522c8", "c7c5c751e45212b282ce654b"]


def test_two_rows_about_one_person_are_told(csv_file):
    """A person says by crm_ids that they are two."""
    text = f"{HEADER}Ann,Lee,,,Firm,\nANN,lee,,,Firm,\n"
    outcome = run("import_leads", csv_file(text))
    assert outcome.code == 1
    assert "Line 3: it is about the same person as line 2; give them crm_ids if they are two." in outcome.err


def test_who_is_known_by_nothing_is_made_again_and_told(csv_file):
    """A name alone is not enough."""
    path = csv_file("name\nAnn\nBob\n")
    assert "2 rows have neither an id, nor a profile" in run("import_leads", path).err
    run("import_leads", path)
    assert len(set(ids())) == 4


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("save", [False, True])
@pytest.mark.parametrize("column", ["company", "website", "linkedin_url"])
def test_two_tools_number_from_one(csv_file, update, save, column):
    """The same id, another name, and another company or profile: refused; the lead stays who it was."""
    first, second = ("linkedin.com/in/a-b", "linkedin.com/in/c-d") if column == "linkedin_url" else ("a.com", "b.com")
    run("import_leads", csv_file(f"crm_id,name,{column}\n1,Ann Lee,{first}\n2,Bob Roy,{first}\n"))

    outcome = run(
        "import_leads",
        csv_file(f"crm_id,name,{column}\n1,Cem Ak,{second}\n2,Bob Roy,{second}\n3,Dee,\n"),
        update=update,
        save=save,
    )

    assert outcome.code == 1
    assert outcome.err.startswith("Line 2: ")
    assert "another name" in outcome.err
    assert Lead.objects.get(crm_id="1").fullname == "Ann Lee"
    assert outcome.out == f"1 created, {int(update)} updated, {int(not update)} left alone, 1 refused.\n"


@pytest.mark.parametrize(
    "row",
    ["1,Anna,Lee,,Firm,firm.com", "1,Ann,Smith,,Other,other.com", "1,Cem,Ak,,Firm,firm.com", "1,,,,Other,other.com"],
)
def test_one_change_at_a_time_is_no_other_person(csv_file, row):
    """A name that is corrected, a marriage with a new job, a successor at the same desk, a row without a name."""
    Lead.objects.create(crm_id="1", firstname="Ann", lastname="Lee", company_name="Firm", company_domain="firm.com")
    outcome = run("import_leads", csv_file(f"crm_id,firstname,lastname,email,company,website\n{row}\n"), update=True)
    assert outcome.out == "0 created, 1 updated, 0 left alone, 0 refused.\n"


def test_an_id_that_lost_its_zeros_is_told(csv_file):
    """A spreadsheet took them; the new id is imported all the same. An id that is there already is meant."""
    for crm_id in ("00123", "0200", "200", "0abc"):
        Lead.objects.create(crm_id=crm_id, fullname="Ann")

    outcome = run("import_leads", csv_file("crm_id,name\n123,Ann\n200,Ann\n300,Ann\nabc,Ann\n"))

    assert outcome.code == 0
    assert outcome.err == (
        "Line 2: its crm_id '123' is new, but there is '00123': did a spreadsheet take zeros away?\n"
    )
    assert outcome.out == "3 created, 0 updated, 1 left alone, 0 refused.\n"


def test_a_dry_run_tells_and_writes_nothing(csv_file):
    """The program, the columns, the first rows, who is who, and what will be refused."""
    Lead.objects.create(crm_id="1", fullname="Zoe Ko", company_name="Other")
    Lead.objects.create(crm_id="2", fullname="Bob", company_name="Firm")
    text = (
        "crm_id,First Name,Mobile,Phone,Company,Country,Note\n1,Ann,,+33199001234,Firm,,x\n2,Bob,,,Firm,,\n"
        f",Cem,,,Firm,,\n4,{'x' * 201},,,,,\n"
    )
    outcome = run("import_leads", csv_file(text), dry_run=True)
    updating = run("import_leads", csv_file(text), dry_run=True, update=True)

    assert outcome.code == 1
    assert "  phone <- 'Phone', else 'Mobile'\n" in outcome.out
    assert "  crm_id='1', firstname='Ann', company_name='Firm', phone='+33199001234'\n" in outcome.out
    assert "Who a row is about is known: 2 by crm_id, 1 by name and company.\n" in outcome.out
    assert outcome.out.endswith("Dry run, nothing was written: 1 created, 0 updated, 1 left alone, 2 refused.\n")
    assert updating.out.endswith("nothing was written: 1 created, 1 updated, 0 left alone, 2 refused.\n")
    assert "Line 2: there is a lead with its crm_id '1'" in outcome.err
    assert "Line 5: firstname is 201 characters long" in outcome.err
    assert "2 rows would not be imported; fix them, and import the file." in outcome.err
    assert ids() == ["1", "2"]


def test_a_dry_run_says_which_program_wrote_the_file(csv_file):
    """And by what leads of a host's own model are found."""
    text = "First Name,Last Name,URL,Email Address,Company,Position,Connected On\nAnn,Lee,linkedin.com/in/ann,,Firm,,\n"
    assert (
        "The file looks like an export of LinkedIn Connections.\n"
        in run("import_leads", csv_file(text), dry_run=True).out
    )
