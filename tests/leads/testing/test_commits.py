"""What waits for a commit that never comes runs once, whoever runs it."""

from __future__ import annotations

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.test import TestCase

from leads.testing import commits


@pytest.fixture
def ran(db):
    """Names of callbacks in the order in which they ran."""
    return []


def later(ran, name, **options):
    transaction.on_commit(lambda: ran.append(name), **options)


def test_what_waits_runs_once_in_its_order(ran):
    """Also what the callbacks themselves register; a second call finds nothing."""
    with commits.noted():
        later(ran, "first")
        transaction.on_commit(lambda: later(ran, "third"))
        later(ran, "second")
        assert ran == []
        assert commits.run_pending() == 4
        assert commits.run_pending() == 0
    assert ran == ["first", "second", "third"]


def test_a_rollback_takes_its_callbacks_along(ran):
    """As in production."""
    with commits.noted():
        later(ran, "kept")
        with transaction.atomic():
            later(ran, "gone")
            transaction.set_rollback(True)
        commits.run_pending()
    assert ran == ["kept"]


@pytest.mark.parametrize("is_early", [False, True], ids=["meanwhile", "before"])
def test_django_and_we_do_not_run_the_same_twice(ran, is_early):
    """Django's captureOnCommitCallbacks runs what waits, and leaves it waiting."""
    if is_early:
        later(ran, "by a fixture")
    with commits.noted():
        with TestCase.captureOnCommitCallbacks(execute=True) as captured:
            later(ran, "captured")
        assert len(captured) == 1
        commits.run_pending()
    assert ran == (["captured", "by a fixture"] if is_early else ["captured"])


def test_what_the_class_of_the_test_registered_is_left(ran):
    """setUpTestData may have run it already; Django rolls it back at the end of the class."""
    later(ran, "class")
    with transaction.atomic(), commits.noted():
        later(ran, "test")
        commits.run_pending()
        assert ran == ["test"]


def test_a_robust_one_harms_no_other(ran, caplog):
    """It is logged without what it quotes; any other failure is the test's."""

    def fail():
        raise ValueError(address)

    address = "ann@acme.com"
    with commits.noted():
        transaction.on_commit(fail, robust=True)
        later(ran, "next")
        commits.run_pending()
        assert ran == ["next"]
        assert "ValueError" in caplog.text
        assert "ann@acme.com" not in caplog.text
        transaction.on_commit(fail)
        with pytest.raises(ValueError, match="ann@"):
            commits.run_pending()


def test_all_is_as_before_at_the_end(db):
    """Django's own on_commit is back, and refuses what cannot be called all the while."""
    with commits.noted():
        assert "on_commit" in vars(connection._connections[DEFAULT_DB_ALIAS])
        with pytest.raises(TypeError):
            transaction.on_commit(None)
    assert "on_commit" not in vars(connection._connections[DEFAULT_DB_ALIAS])


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_it_runs_at_once():
    """Nothing waits then."""
    ran = []
    with commits.noted():
        later(ran, "now")
        assert ran == ["now"]
        assert commits.run_pending() == 0
