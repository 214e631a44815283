"""Tables that the project does not migrate are looked at where the database may be asked."""

from __future__ import annotations

import pytest
from django.db import connection, models

from leads.mapping import registry
from leads.mapping_checks.checking import check_mapped_tables
from leads.mapping_checks.tables import check_table
from tests.leads.mapping_checks.shapes import bare, model

pytestmark = pytest.mark.django_db

TABLE = "CREATE TABLE old_people (id integer PRIMARY KEY, who varchar(99), domain varchar(99), mail varchar(254))"
VIEW = "CREATE VIEW old_view AS SELECT DISTINCT id, who, domain, mail FROM old_people"
SIMPLE = "CREATE VIEW old_simple_view AS SELECT id, who, domain, mail FROM old_people"


@pytest.fixture
def tables():
    """Make a table and a view that no migration knows."""
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
        cursor.execute(VIEW)
        cursor.execute(SIMPLE)


def person(table, *, managed=False, column="who", **attributes):
    """Return the mapping of a model of that table."""
    lead = model(
        "OldPerson",
        meta={"managed": managed, "db_table": table},
        name=models.CharField(max_length=99, db_column=column),
        domain=models.CharField(max_length=99),
        mail=models.EmailField(null=True, blank=True),
    )
    sources = {"fullname": "name", "company_domain": "domain", "email": "mail"}
    return bare(lead, crm_id_prefix="old-", **(sources | attributes))


def told(mapping, databases=("default",)):
    """Return ids and texts."""
    return [(message.id, message.msg) for message in check_table(mapping, databases)]


def test_a_table_that_has_the_columns_is_right(tables):
    """Nothing else is asked of it."""
    assert told(person("old_people")) == []


def test_a_column_that_is_not_there_is_told_with_its_attribute(tables):
    """The model says otherwise, and nothing migrates it."""
    ((code, text),) = told(person("old_people", column="nom"))
    assert code == "enrow.E130"
    assert "BareMapping.fullname: the table 'old_people' has no column 'nom'" in text


def test_a_view_is_read_but_written_by_the_project(tables):
    """Rows of a view cannot be locked and written everywhere."""
    ((code, text),) = told(person("old_view"))
    assert code == "enrow.E130"
    assert "'old_view' is a view" in text


def test_a_view_that_postgresql_writes_like_a_table_is_right(tables):
    """SQLite has none of that kind."""
    found = told(person("old_simple_view"))
    assert bool(found) is (connection.vendor == "sqlite")


def test_a_view_with_write_is_right(tables):
    """It says where the values go."""
    assert told(person("old_view", write=lambda self, changes: [])) == []


@pytest.mark.parametrize(
    ("table", "managed", "databases"),
    [("old_view", True, ["default"]), ("old_view", False, []), ("nowhere", False, ["default"])],
)
def test_what_is_migrated_not_asked_for_or_not_there_is_left_alone(tables, table, managed, databases):
    """Django says what is missing there."""
    assert told(person(table, managed=managed), databases) == []


def test_every_mapping_of_the_project_is_looked_at(tables, monkeypatch):
    """Those that are wrong have been told of."""
    both = {"one": person("old_view"), "two": bare(model("Nothing"), firstname=None)}
    monkeypatch.setattr(registry, "_by_label", both)
    assert [message.id for message in check_mapped_tables(databases=["default"])] == ["enrow.E130"]
    assert check_mapped_tables() == []
