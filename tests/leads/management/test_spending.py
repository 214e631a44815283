"""Every command that spends asks before much is reserved; where nobody can answer, it sends nothing."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest

from leads.enrichment import enrich
from leads.models import Lead, SearchJob
from tests.commands import run
from tests.conftest import finish

pytestmark = pytest.mark.django_db(transaction=True)

PHONES = ("enrich_leads", "--find", "phone")
RETRY = ("enrow_jobs", "--state", "failed", "--retry")
RESEND = ("enrow_jobs", "--state", "unconfirmed", "--resend")


class Terminal(io.StringIO):
    """A person at a terminal who types this; None is Ctrl-C. ``thinking`` happens before."""

    def __init__(self, typed, thinking=lambda: None):
        super().__init__(typed)
        self.typed, self.thinking = typed, thinking

    def isatty(self):
        return True

    def readline(self, *args):
        self.thinking()
        if self.typed is None:
            raise KeyboardInterrupt
        return super().readline(*args)


@pytest.fixture(params=[PHONES, RETRY, RESEND], ids=["enrich", "retry", "resend"])
def command(request, make_leads, sandbox, enrow, job_in):
    """A command that may reserve 80 credits for two phones, and how many jobs there are before."""
    enrow(CONFIRM_ABOVE_CREDITS=79)
    if request.param == PHONES:
        make_leads(2)
        return request.param
    if request.param == RESEND:
        job_in("unconfirmed")
        enrow(PRICES={"find_email": 40})
        return request.param
    job_in("failed")
    Lead.objects.update(company_domain="fixed.com")
    enrow(PRICES={"find_email": 40})
    return request.param


def queued() -> Decimal:
    return SearchJob.objects.queued().credits()


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_without_a_terminal_nothing_is_sent(command, sandbox, more):
    """Exit code 2, one sentence with the amount, its part of the balance, and what to type; stdout stays empty JSON."""
    jobs, spent = SearchJob.objects.count(), sandbox.ledger.spent
    outcome = run(*command, *more)
    assert outcome.code == 2
    assert "80 credits, less than 1 % of what the account has (" in outcome.err
    assert outcome.err.endswith("Nothing was sent. Give --max-credits 80 to agree to so much, or --yes to any amount.")
    assert (SearchJob.objects.count(), queued(), sandbox.ledger.spent) == (jobs, 0, spent)
    assert not more or outcome.out == ""


def test_a_program_without_any_input_is_no_person(command, monkeypatch):
    """Some start programs with the input closed; Python then has none."""
    monkeypatch.setattr("sys.stdin", None)
    assert (run(*command).code, queued()) == (2, 0)


@pytest.mark.parametrize("consent", [("--yes",), ("--max-credits", "80"), ("--max-credits", "100", "--yes")])
def test_consent_beforehand_is_consent(command, consent):
    """Nobody is asked, and all of it is queued."""
    outcome = run(*command, *consent)
    assert (outcome.code, queued()) == (0, 80), outcome


@pytest.mark.parametrize(("most", "spent"), [("79", 40), ("40", 40), ("39", 0), ("0", 0)])
def test_consent_is_consent_up_to_that_amount(command, most, spent):
    """What does not fit is left; a job that is sent again is left as a whole."""
    outcome = run(*command, "--max-credits", most)
    if command == RESEND:
        assert (outcome.code, queued()) == (1, 0)
        assert "is unconfirmed; that would pass the credits agreed to, or the limit of the day." in outcome.out
        assert SearchJob.objects.get().state == "unconfirmed"
    else:
        assert queued() == spent


@pytest.mark.parametrize("typed", ["y\n", "YES\n"])
def test_a_person_says_yes(command, monkeypatch, typed):
    """Asked on stderr, so that stdout holds one JSON object."""
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    outcome = run(*command, "--json")
    assert (outcome.code, queued()) == (0, 80)
    assert "? [y/N] " in outcome.err
    assert outcome.json


@pytest.mark.parametrize("typed", ["\n", "n\n", "yeah\n", "", None])
def test_anything_but_yes_is_no(command, monkeypatch, typed):
    """Also an input that ends, and Ctrl-C."""
    jobs = list(SearchJob.objects.values())
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    outcome = run(*command)
    assert (outcome.code, outcome.err.endswith("Nothing was sent.")) == (1, True)
    assert list(SearchJob.objects.values()) == jobs


def test_no_more_is_bought_than_was_asked_about(command, monkeypatch, enrow):
    """While the person thinks, prices rise: the amount in the question is the bound."""
    monkeypatch.setattr("sys.stdin", Terminal("y\n", lambda: enrow(PRICES={"find_email": 50, "find_phone": 50})))
    run(*command)
    assert queued() == (0 if command == RESEND else 50)


def test_leads_that_appear_while_a_person_thinks_are_left(make_leads, sandbox, enrow, monkeypatch):
    """They are skipped, and said."""
    enrow(CONFIRM_ABOVE_CREDITS=0)
    make_leads(2)
    monkeypatch.setattr("sys.stdin", Terminal("y\n", lambda: make_leads(3, prefix="new", lastname="Other")))
    outcome = run("enrich_leads", "--find", "email")
    assert "This reserves 2 credits, " in outcome.err
    assert queued() == 2
    assert "skipped 3: over the credit limit of this run" in outcome.out


def test_what_is_not_large_is_not_asked_about(make_leads, sandbox):
    """The default asks above 100 credits."""
    make_leads(100)
    assert run("enrich_leads", "--find", "email").code == 0
    assert queued() == 100


def test_a_small_account_is_asked_about_less(make_leads, sandbox):
    """A tenth of what it has."""
    make_leads(2)
    sandbox.ledger.set_balance(Decimal(19))
    outcome = run("enrich_leads", "--find", "email")
    assert (outcome.code, queued()) == (2, 0)
    assert "This reserves 2 credits, 10 % of what the account has (19)." in outcome.err


@pytest.mark.parametrize("change", [{"API_KEY": "wrong"}, {"BASE_URL": "http://127.0.0.1:9"}])
def test_without_a_balance_a_hundred_credits_are_large(make_leads, sandbox, enrow, change):
    """Enrow is down, or the key is wrong: the question says that nobody knows what the account has."""
    sandbox.configure(keys={"sandbox-key"})
    enrow(**change)
    make_leads(3)
    outcome = run(*PHONES)
    assert (outcome.code, queued()) == (2, 0)
    assert "This reserves 120 credits (what the account has is not known). Nothing was sent." in outcome.err
    assert (run("enrich_leads", "--find", "email").code, queued()) == (0, 3)


def test_what_was_bought_lately_costs_nothing_and_is_not_asked_about(make_leads, sandbox, enrow):
    """The worst case counts what is really bought; --force buys it again, and then it is asked."""
    make_leads(3)
    enrich(Lead.objects.all(), find={"phone"})
    finish(sandbox)
    make_leads(3, prefix="twin")
    asked = run(*PHONES, "--force")
    assert (asked.code, queued()) == (2, 0)
    assert "--force buys 3 searches again" in asked.err
    assert "This reserves 120 credits" in asked.err
    assert (run(*PHONES).code, queued()) == (0, 0)
    assert Lead.objects.exclude(phone="").count() == 6


@pytest.mark.parametrize(("consent", "asks"), [((), True), (("--yes",), False), (("--max-credits", "500"), False)])
def test_a_dry_run_never_asks_but_says_whether_the_run_would(make_leads, sandbox, consent, asks):
    """In words and as JSON."""
    make_leads(3)
    told, data = run(*PHONES, "--dry-run", *consent), run(*PHONES, "--dry-run", "--json", *consent)
    assert (told.code, data.code, queued()) == (0, 0, 0)
    assert ("Without --max-credits or --yes it asks first." in told.out) is asks
    assert data.json["asks"] is asks


def test_waiting_begins_after_the_answer(make_leads, sandbox):
    """Nothing is waited for that was not agreed to."""
    make_leads(3)
    outcome = run(*PHONES, "--wait", "30")
    assert (outcome.code, outcome.out) == (2, "Every lead is meant: there is no --where and no --crm-id.\n")


def test_what_was_agreed_to_beforehand_is_planned_once(make_leads, sandbox, django_assert_max_num_queries):
    """An estimate of a million leads takes half a minute: only a question needs it."""
    make_leads(1, prefix="first", company_domain="first.com")
    run("enrich_leads", "--find", "email", "--yes")  # the first job of all also writes where the rows are at home
    Lead.objects.all().delete()
    make_leads(1)
    with django_assert_max_num_queries(1000) as asked:
        run("enrich_leads", "--find", "email", "--dry-run")
    estimating = len(asked)
    with django_assert_max_num_queries(1000) as unasked:
        run("enrich_leads", "--find", "email", "--yes")
    Lead.objects.all().delete()
    make_leads(1, prefix="other", company_domain="other.com")
    with django_assert_max_num_queries(1000) as asked:
        run("enrich_leads", "--find", "email")
    assert len(asked) - len(unasked) == estimating
