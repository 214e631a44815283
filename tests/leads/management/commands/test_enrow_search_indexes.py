"""``manage.py enrow_search_indexes`` makes and drops the index for parts of a text, beside all other work."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from leads import search_indexes


def run(capsys, *words) -> str:
    call_command("enrow_search_indexes", *words)
    return capsys.readouterr().out


@pytest.fixture
def clean(transactional_db):
    """No index is left for other tests."""
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {search_indexes.NAME}")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_command_makes_and_drops_the_index(capsys, clean):
    """Each is harmless to repeat, and says what it found."""
    assert not search_indexes.is_there("default")
    assert run(capsys) == "Made leads_lead_parts.\n"
    assert search_indexes.is_there("default")
    assert run(capsys) == "There is already the index leads_lead_parts.\n"
    assert run(capsys, "--drop") == "Dropped leads_lead_parts.\n"
    assert run(capsys, "--drop") == "There is no index leads_lead_parts.\n"
    assert not search_indexes.is_there("default")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_was_interrupted_is_made_anew(capsys, clean):
    """The unfinished one is of no use to anybody."""
    run(capsys)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [search_indexes.NAME])
    assert not search_indexes.is_there("default")
    assert run(capsys) == "Made leads_lead_parts.\n"
    assert search_indexes.is_there("default")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_postgresql_refuses_is_said_and_leaves_nothing(clean):
    """In a sentence; PostgreSQL keeps the half of an index, which is dropped."""

    def refuse(execute, statement, params, many, context):
        if statement.startswith("CREATE INDEX"):
            raise DatabaseError("no room")
        return execute(statement, params, many, context)

    with connection.execute_wrapper(refuse), pytest.raises(CommandError, match="PostgreSQL refuses it") as refused:
        call_command("enrow_search_indexes")
    assert refused.value.returncode == 1
    assert not search_indexes.is_there("default")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_who_may_not_make_the_extension_is_told_who_can(clean):
    """With the very statement."""

    def refuse(execute, statement, params, many, context):
        if "EXTENSION" in statement:
            raise DatabaseError("permission denied")
        return execute(statement, params, many, context)

    with (
        connection.execute_wrapper(refuse),
        pytest.raises(CommandError, match=r"superuser .* CREATE EXTENSION pg_trgm"),
    ):
        call_command("enrow_search_indexes")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("words", [(), ("--drop",)])
def test_inside_a_transaction_it_refuses(words):
    """PostgreSQL would, too, in its own words."""
    with transaction.atomic(), pytest.raises(CommandError, match="Inside a transaction"):
        call_command("enrow_search_indexes", *words)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor == "postgresql", reason="for the other database")
@pytest.mark.parametrize("words", [(), ("--drop",)])
def test_another_database_is_refused_with_a_sentence(words):
    """It says what is found there without."""
    with pytest.raises(CommandError, match=r"Only PostgreSQL .* this database is SQLite\. The beginning"):
        call_command("enrow_search_indexes", *words)
    assert not search_indexes.is_there("default")
