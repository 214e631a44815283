"""Rows that are missing, never end or hold nonsense, in another order: by a fact, by a special word, always billed."""

from typing import Any

import pytest

from enrow_webhooks.sandbox.endpoints import Product
from enrow_webhooks.sandbox.oddities import oddity_of
from enrow_webhooks.sandbox.server import SandboxServer
from enrow_webhooks.sandbox.settings import Settings, changed
from enrow_webhooks.sandbox.special import Word
from tests.sandbox import support
from tests.sandbox.client import HttpCaller
from tests.sandbox.support import Receiver

BULK = (support.FIND_BULK, support.VERIFY_BULK, support.PHONE_BULK)
KINDS = {
    support.FIND_BULK: Product.FIND_EMAIL,
    support.VERIFY_BULK: Product.VERIFY_EMAIL,
    support.PHONE_BULK: Product.FIND_PHONE,
}
COST = {support.FIND_BULK: 1, support.VERIFY_BULK: 0.25, support.PHONE_BULK: 40}


def row(path: str, number: int, word: str = "somebody") -> Any:
    """Return one row that is found, or valid, unless the word says otherwise."""
    if path == support.FIND_BULK:
        return {"fullname": f"Ann{number} {word}", "company_domain": "acme.com", "custom": f"lead-{number}"}
    if path == support.VERIFY_BULK:
        return f"ann{number}.{word}@acme.com"
    return {"linkedin_url": f"https://www.linkedin.com/in/ann{number}-{word}/", "custom": f"lead-{number}"}


def batch(path: str, rows: list[Any]) -> dict[str, Any]:
    return {"verifications" if path == support.VERIFY_BULK else "searches": rows}


def names(path: str, body: Any) -> list[Any]:
    """Return by what each result is known to the caller, in its order."""
    return [item["email" if path == support.VERIFY_BULK else "custom"] for item in body["results"]]


def sent_names(path: str, rows: list[Any]) -> list[Any]:
    return rows if path == support.VERIFY_BULK else [sent["custom"] for sent in rows]


@pytest.mark.parametrize("path", BULK)
@pytest.mark.parametrize(("count", "seed"), [*((2, seed) for seed in range(6)), (30, 0)])
def test_shuffled_rows_stand_in_another_order(
    http: HttpCaller, server: SandboxServer, path: str, count: int, seed: int
) -> None:
    """Every row is there, with its own index, in an order that never is the request's and stays the same."""
    rows = [row(path, number) for number in range(count)]
    server.sandbox.configure(seed=seed)
    job_id = http.launch(path, batch(path, rows))
    plain = http.get(path, job_id).json()
    server.sandbox.configure(facts="shuffled_rows")
    shuffled = http.get(path, job_id).json()
    assert names(path, plain) == sent_names(path, rows)
    assert names(path, shuffled) != names(path, plain)
    assert sorted(shuffled["results"], key=str) == sorted(plain["results"], key=str)
    assert http.get(path, job_id).json() == shuffled


@pytest.mark.parametrize(
    ("fact", "path"),
    [
        (fact, path)
        for fact in ("missing_rows", "ongoing_rows", "worthless_values")
        for path in BULK
        # A verification has no value that could be worthless.
        if (fact, path) != ("worthless_values", support.VERIFY_BULK)
    ],
)
def test_a_share_of_rows_is_odd_and_a_test_can_tell_which(
    http: HttpCaller, server: SandboxServer, path: str, fact: str
) -> None:
    """Seed, place and inputs decide: the same rows are odd in each batch, others under another seed."""
    server.sandbox.configure(facts=f"{fact}=0.3")
    rows = [row(path, number) for number in range(40)]

    def expected() -> set[int]:
        settings = server.sandbox.settings
        lots = (oddity_of(settings.profile, settings.seed, KINDS[path], place, sent) for place, sent in enumerate(rows))
        return {place for place, odd in enumerate(lots) if odd}

    job_id = http.launch(path, batch(path, rows))
    first = expected()
    assert 4 <= len(first) <= 20
    assert odd_places(path, rows, http.get(path, job_id).json()) == first
    assert odd_places(path, rows, http.result(path, batch(path, rows))) == first
    server.sandbox.configure(seed=1)
    assert odd_places(path, rows, http.result(path, batch(path, rows))) == expected() != first
    # A search that was launched before stays as odd as it was.
    assert odd_places(path, rows, http.get(path, job_id).json()) == first


def odd_places(path: str, rows: list[Any], body: Any) -> set[int]:
    """Return the places of the rows that are not there, still run, or hold nonsense."""
    good = {
        name
        for name, item in zip(names(path, body), body["results"], strict=True)
        if item["qualification"] in {"valid", "found"}
        and item.get("number") != "12"
        and item.get("email") != "not-an-email"
    }
    return {place for place, name in enumerate(sent_names(path, rows)) if name not in good}


@pytest.mark.parametrize("path", BULK)
def test_missing_rows_are_billed_and_counted(http: HttpCaller, server: SandboxServer, path: str) -> None:
    """The results are fewer than the rows, while the counts and the credits are those of all."""
    rows = [row(path, number) for number in range(3)]
    server.sandbox.configure(facts="missing_rows")
    body = http.result(path, batch(path, rows))
    assert (body["results"], body["stats"]["requested"]) == ([], 3)
    assert server.sandbox.ledger.spent == 3 * COST[path]


@pytest.mark.parametrize("path", BULK)
def test_the_word_missing_leaves_out_one_row(http: HttpCaller, server: SandboxServer, path: str) -> None:
    """Of three rows the one with the special word is not there; the others keep their places."""
    rows = [row(path, 0), row(path, 1, "missing"), row(path, 2)]
    body = http.result(path, batch(path, rows))
    assert names(path, body) == [sent_names(path, rows)[place] for place in (0, 2)]
    if path != support.VERIFY_BULK:
        assert [int(item["index"]) for item in body["results"]] == [0, 2]
    assert server.sandbox.ledger.spent == 3 * COST[path]


@pytest.mark.parametrize("path", BULK)
def test_the_word_ongoing_leaves_one_row_running(http: HttpCaller, server: SandboxServer, path: str) -> None:
    """The batch is completed, one row is not: it has its place and its name, and nothing else."""
    rows = [row(path, 0), row(path, 1, "ongoing")]
    body = http.result(path, batch(path, rows))
    assert body["general"]["status"] == "completed"
    done, running = body["results"]
    assert (done["qualification"] in {"valid", "found"}, running["qualification"]) == (True, "ongoing")
    assert names(path, body) == sent_names(path, rows)
    assert not running.get("number")
    if path == support.FIND_BULK:
        assert (running["email"], running.get("info")) == (None, None)
    assert server.sandbox.ledger.spent == 2 * COST[path]


def test_an_ongoing_row_ends_when_the_fact_is_taken_back(http: HttpCaller, server: SandboxServer) -> None:
    """A test can let a row run for some GETs, and then have its result."""
    server.sandbox.configure(facts="ongoing_rows")
    job_id = http.launch(support.FIND_BULK)
    assert [item["qualification"] for item in http.get(support.FIND_BULK, job_id).json()["results"]] == ["ongoing"] * 2
    server.sandbox.configure(facts="ongoing_rows=0")
    verdicts = [item["qualification"] for item in http.get(support.FIND_BULK, job_id).json()["results"]]
    assert verdicts == ["valid", "invalid"]


@pytest.mark.parametrize("by_word", [True, False])
def test_worthless_values_are_told_as_hits(
    http: HttpCaller, server: SandboxServer, receiver: Receiver, by_word: bool
) -> None:
    """``valid`` with not-an-email and ``found`` with 12, single, in bulk and in the event, billed as hits."""
    word = "worthless" if by_word else "somebody"
    server.sandbox.configure(facts="" if by_word else "worthless_values", webhooks=[receiver.url])
    find, phone = row(support.FIND_BULK, 0, word), row(support.PHONE_BULK, 0, word)
    email = http.result(support.FIND, find)
    assert server.sandbox.wait_until_idle()
    number = http.result(support.PHONE, phone)
    assert server.sandbox.wait_until_idle()
    assert (email["qualification"], email["email"]) == ("valid", "not-an-email")
    assert (number["qualification"], number["number"]) == ("found", "12")
    assert [body["result"].get("email") or body["result"]["number"] for body in receiver.bodies] == [
        "not-an-email",
        "12",
    ]
    (item,) = http.result(support.FIND_BULK, {"searches": [find]})["results"]
    assert (item["qualification"], item["email"]) == ("valid", "not-an-email")
    (item,) = http.result(support.PHONE_BULK, {"searches": [phone]})["results"]
    assert (item["qualification"], item["number"]) == ("found", "12")
    assert server.sandbox.ledger.spent == 2 * (1 + 40)


def test_a_miss_stays_a_miss(http: HttpCaller, server: SandboxServer) -> None:
    """Worthless values strike hits alone: nobody who is not found is told to be."""
    server.sandbox.configure(facts="worthless_values")
    assert http.result(support.FIND, support.MISS)["qualification"] == "invalid"
    assert http.result(support.PHONE, support.PHONE_MISS)["qualification"] == "not_found"


@pytest.mark.parametrize("word", [Word.MISSING, Word.ONGOING])
def test_words_for_rows_leave_single_searches_alone(http: HttpCaller, word: Word) -> None:
    """A single search has no row that could be missing: it finds its person."""
    assert http.result(support.FIND, row(support.FIND_BULK, 0, word))["email"] == f"ann0.{word}@acme.com"
    assert http.result(support.PHONE, row(support.PHONE_BULK, 0, word))["qualification"] == "found"
    assert http.result(support.VERIFY, {"email": f"ann.{word}@acme.com"})["qualification"] == "valid"


def test_a_phone_by_name_knows_the_words(http: HttpCaller) -> None:
    """The last word of a last name counts, in any case."""
    people = [
        {"firstname": "Ann", "lastname": f"van {word}", "company_name": "Acme"} for word in ("Missing", "WORTHLESS")
    ]
    (item,) = http.result(support.PHONE_BULK, {"searches": people})["results"]
    assert (item["index"], item["number"]) == (1, "12")


def test_an_odd_batch_keeps_its_event(http: HttpCaller, server: SandboxServer, receiver: Receiver) -> None:
    """The unkind profile sends the event of a batch as any other, with the cost before refunds."""
    server.sandbox.configure(profile="unkind", webhooks=[receiver.url])
    job_id = http.launch(support.FIND_BULK)
    assert server.sandbox.wait_until_idle()
    assert receiver.bodies == [{"event": "bulk_search_finished", "id": job_id, "credits": {"cost": 2}}]


@pytest.mark.parametrize("kind", Product)
def test_who_asks_and_where_the_answer_goes_do_not_decide(kind: Product) -> None:
    """A reference in the callback's URL is drawn by chance, so a lot that reads it could not be told beforehand."""
    profile = changed(Settings(), {"facts": "missing_rows=0.3,ongoing_rows=0.3,worthless_values=0.3"}).profile
    for number in range(30):
        inputs = {"fullname": f"Ann{number} Lee", "lastname": "Lee", "company_domain": "acme.com"}
        sent: list[Any] = [f"ann{number}@acme.com"] * 2
        if kind is not Product.VERIFY_EMAIL:
            sent = [
                {**inputs, "custom": turn, "settings": {"webhook": f"https://crm.example.com/{turn}/"}} for turn in "ab"
            ]
        first, second = (oddity_of(profile, 1, kind, 0, row) for row in sent)
        assert first == second
