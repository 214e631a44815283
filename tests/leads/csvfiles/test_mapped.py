"""``--model``: a file goes into a host's own table, and comes out of it."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext

from leads.csvfiles.exporting import export_leads
from leads.csvfiles.importing import BATCH, import_leads
from leads.csvfiles.target import Target
from leads.lead_mapping import LeadsOwnMapping
from leads.management import choosing
from leads.mapping import LeadMapping, registry
from leads.models import Lead
from tests.commands import run
from tests.crm.lead_mapping import ContactMapping
from tests.crm.models import Candidate, Company, Contact, Member, Partner, Person
from tests.leads.csvfiles.tables import comma_separated

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def every_mapping(only_leads_lead, monkeypatch):
    """A command may be about any of the tests' models."""
    monkeypatch.setattr(choosing, "registry", registry)


@pytest.fixture
def with_fields(monkeypatch):
    """Let a file of contacts fill ``opted_out``, and show when they changed."""
    monkeypatch.setattr(ContactMapping, "import_fields", ["opted_out"])
    monkeypatch.setattr(ContactMapping, "export_fields", ["opted_out", "changed_at"])


def of_contacts(csv_file, text, **options):
    return run("import_leads", csv_file(text), model="crm.Contact", **options)


def test_a_file_fills_the_columns_of_a_mapping(csv_file, with_fields):
    """Our words, other programs' words and the host's own name of a column alike; what is set by itself is set."""
    header = "First name,family_name,LinkedIn,work_email,Phone,opted_out"
    outcome = of_contacts(csv_file, f"{header}\nAnn,Lee,linkedin.com/in/ann,ann@x.com,+33199001234,yes\nBob,,,,,\n")

    assert outcome.code == 1
    assert "Line 2: opted_out: “yes” value must be either True or False.\n" in outcome.err
    assert of_contacts(csv_file, f"{header}\nAnn,Lee,linkedin.com/in/ann,ann@x.com,+33199001234,True\n").code == 0
    ann, bob = Contact.objects.order_by("given_name")
    assert (ann.family_name, ann.linkedin, ann.work_email) == ("Lee", "linkedin.com/in/ann", "ann@x.com")
    assert (ann.mobile, ann.opted_out) == ("+33199001234", True)
    assert (bob.family_name, bob.linkedin, bob.work_email, bob.mobile, bob.opted_out) == ("", None, None, "", False)
    assert ann.changed_at is not None


def test_what_is_another_rows_is_told_and_not_imported(csv_file):
    """A path over a relation goes out only; a column that no mapping names is unknown."""
    outcome = of_contacts(csv_file, "firstname,company,website,opted_out\nAnn,Firm,firm.com,True\n")

    assert outcome.code == 0
    assert outcome.err == (
        "These columns are no field of a lead and were left out: 'opted_out'.\n"
        "'company' is not imported: it belongs to employer.\n'website' is not imported: it belongs to employer.\n"
    )
    assert Contact.objects.get().opted_out is False
    assert not Company.objects.exists()


def test_a_file_of_nothing_that_can_be_filled_is_refused(csv_file):
    """A name of the company alone finds nobody and makes nobody."""
    outcome = of_contacts(csv_file, "company\nFirm\n")

    assert outcome.code == 2
    assert "the first line must name some of firstname, lastname, linkedin_url, email, phone" in outcome.err


ROWS = {
    "crm_id": "contact-{pk},Anna,,,,",
    "linkedin_url": ",Anna,,https://fr.linkedin.com/in/Ann-Lee?x=1,,",
    "email": ",Anna,,,ANN@x.com,",
    "company_name": ",Ann,LEE,,,Firm",
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_finds_its_lead(csv_file, row):
    """By our crm_id, else the profile, else the e-mail, else name and company; in whatever spelling."""
    firm = Company.objects.create(title="Firm", website="https://firm.com/")
    ann = Contact.objects.create(
        given_name="Ann",
        family_name="LEE",
        employer=firm,
        work_email="ann@x.com",
        linkedin="https://www.linkedin.com/in/ann-lee",
    )
    Contact.objects.create(given_name="Ann", family_name="LEE")
    text = f"crm_id,firstname,lastname,linkedin_url,email,company\n{row.format(pk=ann.pk)}\n"

    assert of_contacts(csv_file, text).out == "0 created, 0 updated, 1 left alone, 0 refused.\n"
    assert of_contacts(csv_file, f"{text[:-1]}\n".replace("Anna", "Anni"), update=True).code == 0
    assert Contact.objects.count() == 2
    ann.refresh_from_db()
    assert (ann.given_name, ann.family_name) == ("Ann" if "LEE" in row else "Anni", "LEE")


def test_the_domain_finds_a_lead_in_any_of_its_spellings(csv_file):
    """A company that stands in the table as a URL is the one of the bare domain."""
    firm = Company.objects.create(title="Firm", website="https://www.firm.com/")
    Contact.objects.create(given_name="Ann", family_name="Lee", employer=firm)

    assert of_contacts(csv_file, "name,website\nAnn Lee,firm.com\n").code == 2
    outcome = of_contacts(csv_file, "firstname,lastname,website\nAnn,Lee,FIRM.com\n")
    assert outcome.out == "0 created, 0 updated, 1 left alone, 0 refused.\n"


@pytest.mark.parametrize("crm_id", ["1", "contact-01", "contact-１", "candidate-1", "contact-999999999999999999999"])
def test_a_foreign_id_is_never_the_key_of_a_row(csv_file, crm_id):
    """Another program's id names nobody here, and the database goes on counting."""
    Contact.objects.create(pk=1, given_name="Zoe")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence('crm_contact', 'id'), 1)")

    outcome = of_contacts(csv_file, f"crm_id,firstname\n{crm_id},Ann\n", update=True)

    assert (outcome.code, outcome.out) == (0, "1 created, 0 updated, 0 left alone, 0 refused.\n")
    assert Contact.objects.get(pk=1).given_name == "Zoe"
    assert "'crm_id' is not imported: it names leads that are there" in outcome.err


def test_a_foreign_id_fills_a_text_field_of_the_hosts(csv_file):
    """With the prefix or without; what the field does not take is refused with its own sentence."""
    text = "crm_id,name,domain\na-1,Ann Lee,x.com\nperson-b-2,Bob Lee,x.com\nnot a slug,Cem,x.com\n,Dan,x.com\n"
    outcome = run("import_leads", csv_file(text), model="crm.Person")

    assert outcome.code == 1
    assert set(Person.objects.values_list("code", "name")) == {("a-1", "Ann Lee"), ("b-2", "Bob Lee")}
    assert "Line 4: crm_id: Enter a valid “slug”" in outcome.err
    assert "Line 5: it is new, and a new person needs crm_id (code)." in outcome.err
    again = run("import_leads", csv_file("crm_id,name\na-1,Anna Lee\n"), model="crm.Person", update=True)
    assert again.out == "0 created, 1 updated, 0 left alone, 0 refused.\n"


def test_a_new_row_without_what_the_model_needs_is_refused(csv_file):
    """The others are made; nothing ends in an error of the database."""
    outcome = of_contacts(csv_file, "firstname,lastname\n,Lee\nBob,Lee\n")

    assert outcome.code == 1
    assert "Line 2: it is new, and a new contact needs firstname (given_name).\n" in outcome.err
    assert Contact.objects.get().given_name == "Bob"


def test_another_person_under_the_same_id_or_address_is_refused(csv_file):
    """Two tools that count from 1, and an address that a successor got."""
    ann = Contact.objects.create(
        given_name="Ann",
        family_name="Lee",
        work_email="info@x.com",
        linkedin="linkedin.com/in/ann-lee",
        employer=Company.objects.create(title="Firm"),
    )
    text = f"crm_id,firstname,lastname,email,linkedin_url,company\ncontact-{ann.pk},Bob,Roy,,linkedin.com/in/bob,\n"
    by_id = of_contacts(csv_file, text, update=True)
    by_email = of_contacts(csv_file, "firstname,lastname,email,company\nBob,Roy,info@x.com,Other\n", update=True)

    assert f"Line 2: its crm_id is that of contact-{ann.pk}, which has another name and company." in by_id.err
    assert "Line 2: its e-mail is that of contact-" in by_email.err
    assert Contact.objects.get().given_name == "Ann"


def test_a_row_that_several_leads_fit_updates_none(csv_file):
    """Namesakes of one company: which is meant, a person says by the crm_id."""
    firm = Company.objects.create(title="Firm")
    pks = [Contact.objects.create(given_name="Ann", family_name="Lee", employer=firm).pk for _ in "12"]
    text = "firstname,lastname,company,phone\nAnn,Lee,Firm,+33199001234\n"

    assert of_contacts(csv_file, text).out == "0 created, 0 updated, 1 left alone, 0 refused.\n"
    outcome = of_contacts(csv_file, text, update=True)
    names = ", ".join(sorted(f"contact-{pk}" for pk in pks))
    assert f"Line 2: several leads fit it by name and company: {names}." in outcome.err
    assert not Contact.objects.exclude(mobile="").exists()


def test_two_rows_about_one_lead_are_told(csv_file):
    """By different ways: the second would undo the first."""
    ann = Contact.objects.create(given_name="Ann", work_email="ann@x.com")
    outcome = of_contacts(csv_file, f"crm_id,firstname,email\ncontact-{ann.pk},Ann,\n,Anna,ann@x.com\n", update=True)

    assert f"Line 3: it is about contact-{ann.pk}, as line 2 is." in outcome.err
    assert Contact.objects.get().given_name == "Ann"


def test_a_lead_that_the_project_hides_is_neither_shown_nor_made_again(csv_file):
    """Deleted softly is meant to stay deleted."""
    member = Member.objects.create(name="Ann Lee", mail="ann@x.com")
    member.delete()

    outcome = run("import_leads", csv_file("name,email\nAnn Lee,ann@x.com\n"), model="crm.Member")
    assert f"Line 2: it is member-{member.pk}, which the project hides." in outcome.err
    assert Member._base_manager.count() == 0 == Member.objects.count()


def test_a_new_value_is_not_the_one_that_was_judged(csv_file):
    """The host's own columns for status and dates are blanked with it, also by the ORM, where no file names them."""
    for save in (False, True):
        connection.cursor().execute("DELETE FROM crm_member")
        ann = Member.objects.create(
            name="Ann",
            mail="a@x.com",
            mail_state="valid",
            mobile="+33199001234",
            mobile_state="found",
            mobile_land="FR",
            is_hidden=False,
        )
        text = f"crm_id,email,phone\nmember-{ann.pk},b@x.com,+33199001234\n"
        assert run("import_leads", csv_file(text), model="crm.Member", update=True, save=save).code == 0
        ann.refresh_from_db()
        assert (ann.mail, ann.mail_state, ann.mobile_state, ann.mobile_land) == ("b@x.com", "", "found", "FR")


def test_save_runs_the_models_own_code(csv_file):
    """``--save`` sends the signals; without it nothing does. A lead that would not change is not saved."""
    heard = []
    post_save.connect(receiver := lambda instance, created, **_: heard.append((instance.given_name, created)), Contact)
    try:
        of_contacts(csv_file, "firstname,email\nAnn,ann@x.com\n")
        assert heard == []
        of_contacts(csv_file, "firstname,email\nAnna,ann@x.com\nBob,\n", update=True, save=True)
        of_contacts(csv_file, "firstname,email\nAnna,ann@x.com\n", update=True, save=True)
    finally:
        post_save.disconnect(receiver, Contact)
    assert heard == [("Anna", False), ("Bob", True)]


def test_save_is_for_our_own_leads_too(csv_file):
    """The same file comes to the same leads."""
    text = "crm_id,fullname\n1,Ann\n2,Bob\n"
    assert run("import_leads", csv_file(text), model="leads.Lead", save=True).out.startswith("2 created")
    assert run(
        "import_leads", csv_file(text.replace("Bob", "Bobby")), model="leads.Lead", save=True, update=True
    ).out.startswith("0 created, 1 updated")
    assert set(Lead.objects.values_list("crm_id", "fullname")) == {("1", "Ann"), ("2", "Bobby")}


def test_what_save_refuses_is_a_bad_row(csv_file, monkeypatch):
    """A rule of the database, and whatever the project's own code raises, costs its own row."""
    Contact.objects.create(given_name="Ann", work_email="ann@x.com")

    def save(self, **kwargs):
        if self.given_name == "Bob":
            raise RuntimeError("no Bobs")
        super(Contact, self).save(**kwargs)

    monkeypatch.setattr(Contact, "save", save)
    Company.objects.create(title="Firm")
    outcome = of_contacts(csv_file, "firstname,linkedin\nBob,linkedin.com/in/bob\nCem,\n", save=True)
    assert "Line 2: saving it failed (RuntimeError at csvfiles/test_mapped.py:" in outcome.err
    assert "no Bobs" not in outcome.err
    assert set(Contact.objects.values_list("given_name", flat=True)) == {"Ann", "Cem"}


def test_what_the_database_refuses_is_a_bad_row(csv_file):
    """A unique address that another lead got in the same file."""
    outcome = of_contacts(
        csv_file,
        "firstname,lastname,linkedin_url,email\nAnn,Lee,,a@x.com\nBob,Roy,linkedin.com/in/bob,a@x.com\nCem,,,\n",
    )

    assert outcome.code == 1
    assert "Line 3: its e-mail is that of contact-" in outcome.err
    assert set(Contact.objects.values_list("given_name", flat=True)) == {"Ann", "Cem"}


def test_a_field_that_encrypts_is_written_by_the_orm(csv_file):
    """One statement would store it in plain text, or compare what is never equal."""
    text = "name,phone\nAnn Lee,+33199001234\n"
    assert Target(mapping=registry.of(Candidate)).needs_orm == "phone turns what is written to it"
    assert run("import_leads", csv_file(text), model="crm.Candidate").code == 0
    ann = Candidate.objects.get()
    assert (ann.phone, type(ann.pk)) == ("+33199001234", uuid.UUID)
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM crm_candidate")
        assert "+33" not in cursor.fetchone()[0]
    heard = []
    post_save.connect(receiver := lambda instance, **_: heard.append(instance.phone), Candidate)
    text = f"crm_id,phone\ncandidate-{ann.pk},+33199001235\n"
    assert run("import_leads", csv_file(text), model="crm.Candidate", update=True).out.startswith(
        "0 created, 1 updated"
    )
    post_save.disconnect(receiver, Candidate)
    assert heard == ["+33199001235"]


def test_rows_of_two_tables_are_written_by_the_orm():
    """A model that inherits another's table."""
    mapping = type("PartnerMapping", (LeadMapping,), {"firstname": "given_name", "import_fields": ["since"]})(Partner)
    assert Target(mapping=mapping).needs_orm == "its rows stand in two tables"
    done = import_leads(comma_separated("firstname,since\nAnn,2026-01-02\n"), mapping)
    assert (done.created, str(Partner.objects.get().since)) == (1, "2026-01-02")


def test_a_child_of_a_mapped_model_has_to_be_meant_itself(csv_file):
    """The rows that would be made are the parent's."""
    outcome = run("import_leads", csv_file("firstname\nAnn\n"), model="crm.Partner")
    assert (outcome.code, "give --model crm.Contact" in outcome.err) == (2, True)
    assert run("import_leads", csv_file("firstname\nAnn\n"), model="crm.KeyContact").code == 0


def test_an_export_has_the_mappings_fields_and_comes_back(csv_file, tmp_path, with_fields):
    """crm_ids first, what related rows say among them; the same file changes nothing, and makes nobody again."""
    firm = Company.objects.create(title="=Firm", website="firm.com")
    ann = Contact.objects.create(given_name="Ann", employer=firm, work_email="ann@x.com", mobile="+33199001234")
    Contact.objects.create(given_name="=Bob", opted_out=True)
    path = tmp_path / "out.csv"

    assert run("export_leads", path, model="crm.Contact").out.startswith(f"Wrote 2 leads to {path}.\n2 cells")

    header, first, second = path.read_text(encoding="utf-8-sig").splitlines()
    assert header == (
        "crm_id,firstname,lastname,company_name,company_domain,linkedin_url,email,phone,opted_out,changed_at"
    )
    assert first == (
        f"contact-{ann.pk},Ann,,'=Firm,firm.com,,ann@x.com,+33199001234,False,{ann.changed_at.isoformat()}"
    )
    assert ",'=Bob,,,,,,," in second
    before = list(Contact.objects.values())
    outcome = run("import_leads", path, model="crm.Contact", update=True)
    assert (outcome.code, outcome.out) == (0, "0 created, 0 updated, 2 left alone, 0 refused.\n")
    assert "'changed_at' is not imported: it only stands in an export." in outcome.err
    assert list(Contact.objects.values()) == before


def test_an_export_shows_what_the_models_manager_shows(tmp_path):
    """Who is hidden stays hidden; values from an expression are read."""
    Member.objects.create(name="Ann")
    Member.objects.create(name="Bob", mobile="1").delete()
    path = tmp_path / "out.csv"
    assert run("export_leads", path, model="crm.Member").out.startswith("Wrote 1 leads")
    person = Person.objects.create(code="a", name="Ann")
    person.addresses.create(email="ann@x.com")
    assert run("export_leads", path, model="crm.Person").code == 0
    assert path.read_text(encoding="utf-8-sig").splitlines() == [
        "crm_id,fullname,company_domain,email",
        "person-a,Ann,,ann@x.com",
    ]


def test_a_host_field_with_a_name_of_ours_is_another_column(csv_file, tmp_path):
    """``email`` is the mapping's; the host's own ``email`` is told apart by the model's name."""

    class Odd(LeadMapping):
        crm_id_prefix = "candidate-"
        fullname = "name"
        company_name = "email"
        email = "company"
        import_fields = ("email_state",)
        export_fields = ("email_state", "id")

    path = tmp_path / "out.csv"
    Candidate.objects.create(name="Ann", company="a@x.com", email="Firm", email_state="=1")
    with path.open("w", newline="") as file:
        export_leads(file, Odd(Candidate))
    assert path.read_text().splitlines()[0] == "crm_id,fullname,company_name,email,email_state,id"


def test_without_our_own_leads_a_mapping_has_to_be_given(unmapped):
    """A project that took leads.Lead away says whose leads are meant."""
    unmapped(Lead)
    with pytest.raises(ValueError, match=r"leads\.Lead is not mapped"):
        import_leads(comma_separated("crm_id\n1\n"))
    assert LeadsOwnMapping.crm_id_field == "crm_id"


def test_a_batch_costs_a_constant_number_of_queries(csv_file):
    """Two batches cost twice what one does."""

    def cost(count):
        rows = "".join(f"Ann{n},Lee,x{n}@x.com,linkedin.com/in/ann-{n},Firm {n}\n" for n in range(count))
        file = comma_separated(f"firstname,lastname,email,linkedin_url,company\n{rows}")
        with CaptureQueriesContext(connection) as queries:
            done = import_leads(file, registry.of(Contact), update=True)
        assert not done.bad
        return len(queries)

    most = 200 if connection.vendor == "sqlite" else 20
    few = cost(100)
    assert few <= most
    assert cost(BATCH) <= most


def test_a_column_with_a_default_of_the_database_is_filled_or_left_to_it(csv_file):
    """Such a default is no value that a statement can be given."""
    text = "crm_id,fullname,domain\nann,Ann Lee,x.com\nbob,Bob Roy,\n"

    outcome = run("import_leads", csv_file(text), model="crm.Person")

    assert outcome.code == 0, outcome.err
    assert dict(Person.objects.values_list("code", "domain")) == {"ann": "x.com", "bob": ""}
