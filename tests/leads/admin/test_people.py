"""Finding leads by what a person knows of them."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from enrow_webhooks.bounded_counts import BoundedPaginator
from leads import search_indexes
from leads.admin import people
from leads.admin.leads import LeadAdmin
from leads.models import Lead
from tests.crm.models import Candidate, Contact
from tests.leads.admin_pages import list_page, run_action

pytestmark = pytest.mark.django_db

# Letters that no index can begin with, and texts that are no text.
ODD = [
    "a",
    "  ",
    "%",
    "_",
    "%%%",
    "__",
    "a%",
    "100%",
    "\\",
    "'",
    '"',
    "a\x00b",
    "\x00",
    "é",
    "@",
    "@@",
    ".",
    "a@",
    ", ,",
]
LONG = ["x" * 10_000, "x " * 5_000, "é" * 10_000, "@" * 10_000, "." * 10_000, "a b c d e f g h i j"]


@pytest.fixture
def leads(db):
    """Six people; two have only a full name."""
    rows = [
        Lead(crm_id="CRM-0001", firstname="Jane", lastname="van der Berg", company_domain="acme.com"),
        Lead(crm_id="row one", firstname="Jan", lastname="Doe", email="jan.doe@acme.com", email_status="valid"),
        Lead(crm_id="crm-0003", fullname="Zoe Jansen", company_domain="https://www.Acme.com/about"),
        Lead(crm_id="x%y", firstname="Élodie", lastname="O'Brien", company_name="100% Natural"),
        Lead(crm_id="x_y", firstname="李", lastname="王", company_domain="http://3m.com"),
        Lead(crm_id="xzy", fullname="Bob Somebody", email="JANE@Other.example"),
    ]
    Lead.objects.bulk_create(rows)


def found(client, typed: str) -> set[str]:
    """Return the crm_ids in the list."""
    page = client.get(list_page(Lead, q=typed))
    assert page.status_code == 200
    return {lead.crm_id for lead in page.context["cl"].result_list}


BEGINNINGS = [
    ("jan", {"CRM-0001", "row one", "xzy"}),
    ("JANE", {"CRM-0001", "xzy"}),
    ("van der", {"CRM-0001"}),
    ("jane van der berg", {"CRM-0001"}),
    ("berg", set()),
    ("doe jan", {"row one"}),
    ("Doe, Jan", {"row one"}),
    ("jan  d", {"row one"}),
    ("zoe jan", {"crm-0003"}),
    ("crm-0001", {"CRM-0001"}),
    ("Crm-000", {"CRM-0001", "crm-0003"}),
    ("ROW ONE", {"row one"}),
    ("jan.doe@", {"row one"}),
    ("jane@other.EXAMPLE", {"xzy"}),
    ("@acme.com", {"CRM-0001", "crm-0003"}),
    ("acme", {"CRM-0001", "crm-0003"}),
    ("https://acme.com/team?x=1", {"CRM-0001", "crm-0003"}),
    ("www.acme.co", {"CRM-0001", "crm-0003"}),
    ("3m", {"x_y"}),
    ("o'br", {"x%y"}),
    ("Élo", {"x%y"}),
    ("100%", {"x%y"}),
    ("x%y", {"x%y"}),
    ("x_", {"x_y"}),
    ("李", {"x_y"}),
    ("j", set()),
    ("nobody", set()),
]


@pytest.mark.parametrize(("typed", "crm_ids"), BEGINNINGS)
def test_leads_are_found_by_the_beginning_of_what_is_known(admin_client, leads, typed, crm_ids):
    """Names in any order, a company, a domain as it was typed or stored, an address, a CRM id; in any case."""
    assert found(admin_client, typed) == crm_ids


@pytest.mark.parametrize("typed", [*ODD, *LONG], ids=lambda typed: repr(typed[:10]))
@pytest.mark.parametrize("anywhere", [False, True])
def test_whatever_is_typed_the_list_opens(admin_client, leads, monkeypatch, typed, anywhere):
    """A sign that means something in SQL means itself; blanks and signs that nobody sees are nothing."""
    monkeypatch.setattr(search_indexes, "is_there", lambda alias: anywhere)
    shown = found(admin_client, typed)
    if not people.term_of(typed) or "\x00" in typed:
        assert len(shown) == Lead.objects.count()
    elif len(typed) > 100:
        assert shown == set()


def test_a_search_goes_together_with_a_filter(admin_client, leads):
    """Both hold."""
    page = admin_client.get(list_page(Lead, q="jan", email_status__exact="valid"))
    assert [lead.crm_id for lead in page.context["cl"].result_list] == ["row one"]


def test_a_search_costs_the_same_whatever_is_found(admin_client, leads):
    """The keys first, then what any list costs; where there are none, no more is asked."""

    def cost(typed: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            found(admin_client, typed)
        return len(queries)

    costs = {cost(typed) for typed in ("jan", "jane van der berg", "acme.com")}
    assert len(costs) == 1
    assert cost("nobody@nowhere.example") < costs.pop()


def test_more_than_a_list_counts_are_all_chosen_across_pages(admin_client, monkeypatch):
    """The page says that there are more; an action takes all that fit, and the page's order is kept."""
    monkeypatch.setattr(BoundedPaginator, "most", 60)
    Lead.objects.bulk_create(Lead(crm_id=f"n{number:03}", lastname="Doe", firstname="Ann") for number in range(75))
    Lead.objects.create(crm_id="other", lastname="Roe")
    changes = admin_client.get(list_page(Lead, q="doe", o="-1")).context["cl"]
    assert str(changes.result_count) == "≥60"
    assert next(iter(changes.result_list)).crm_id == "n074"
    page = run_action(admin_client, "forget", Lead.objects.all()[:1], page=list_page(Lead, q="doe"), select_across="1")
    assert page.context["traces"].leads == 75


def test_a_mapped_model_keeps_its_own_search(rf, admin_user):
    """What is typed there is the project's own matter."""
    request = rf.get("/")
    request.user = admin_user
    for model in (Contact, Candidate):
        assert admin.site.get_model_admin(model).search_fields == ()

    class Page(type(admin.site.get_model_admin(Contact))):
        search_fields = ("family_name",)

    Contact.objects.create(given_name="Ann", family_name="Somebody")
    rows, _doubles = Page(Contact, admin.site).get_search_results(request, Contact.objects.all(), "mebod")
    assert rows.count() == 1


def plan_of(typed: str) -> str:
    """Return how SQLite finds what is typed."""
    leads = Lead.objects.order_by().filter(people.having(people.term_of(typed), anywhere=False))
    sql, params = leads.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL is asked in test_big_tables")
@pytest.mark.parametrize("typed", ["jan", "j", "jane van der berg", "acme.com", "@acme.com", "a@b", "row-1", "100%"])
def test_sqlite_has_an_index_for_each_alternative(typed):
    """It reads no table from end to end."""
    plan = plan_of(typed)
    assert "SCAN" not in plan, plan
    assert plan.count("INDEX leads_lead_like_") > 1


@pytest.fixture
def index():
    """The index for parts, made in the test's own transaction, in which PostgreSQL refuses CONCURRENTLY."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute(search_indexes.statement().replace("CONCURRENTLY", ""))
    assert search_indexes.is_there("default")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("typed", "crm_ids"),
    [
        ("berg", {"CRM-0001"}),
        ("DOE", {"row one"}),
        ("ansen", {"crm-0003"}),
        ("ansen zoe", {"crm-0003"}),
        ("@acme", {"CRM-0001", "crm-0003", "row one"}),
        ("doe@ac", {"row one"}),
        ("cme.com", {"CRM-0001", "crm-0003", "row one"}),
        ("M-000", {"CRM-0001", "crm-0003"}),
        ("x_y", {"x_y"}),
        ("%", set()),
        ("om", set()),
    ],
)
def test_with_the_index_for_parts_any_part_is_found(admin_client, leads, index, typed, crm_ids):
    """Three letters in a row are a part; what is shorter is found as without it."""
    assert found(admin_client, typed) == crm_ids


@pytest.mark.postgres
def test_an_index_that_is_not_finished_is_not_used(admin_client, leads, index):
    """CONCURRENTLY leaves one behind when it is interrupted."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [search_indexes.NAME])
    assert found(admin_client, "berg") == set()


def test_the_box_says_what_can_be_typed(admin_client):
    """And is there."""
    assert str(LeadAdmin.search_help_text) in admin_client.get(list_page(Lead)).content.decode()
