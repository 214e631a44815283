"""The table of kinds agrees with all that a kind also is: the client's values and events, the sandbox, the lead."""

from __future__ import annotations

from collections import Counter

import pytest

from enrow_webhooks.client.events import EventType
from enrow_webhooks.client.values import Kind, Verdict
from enrow_webhooks.connect import open_client
from enrow_webhooks.sandbox.endpoints import ENDPOINTS, Product
from enrow_webhooks.sandbox.profiles import CURRENT
from leads.csvfiles.columns import LeftOut
from leads.csvfiles.header import columns_of
from leads.enrichment import kinds_of
from leads.kinds import KINDS, VALUES, WORDS, Candidate, asked
from leads.models import Lead, LeadEnrichment, LeadSearch, SearchJob

each_kind = pytest.mark.parametrize("kind", Kind)


# Every input that a kind may ask for, of somebody whom the sandbox knows.
SOMEBODY = {
    "firstname": "Ann",
    "lastname": "Somebody",
    "company_domain": "firm.com",
    "linkedin_url": "https://www.linkedin.com/in/ann-somebody/",
    "email": "ok@firm.com",
}


def somebody(**fields):
    return Candidate(**dict.fromkeys(Candidate._fields, "") | SOMEBODY | fields)


def field(name, model=Lead):
    return model._meta.get_field(name)


def test_the_table_has_every_kind_of_the_client():
    """A kind that only one of the two knows would fail in the middle of a run."""
    assert set(KINDS) == set(Kind)


@each_kind
def test_a_kind_has_two_events_and_the_sandbox_sends_both(kind):
    """One tells of a single search and one of a batch, under the same names on both sides."""
    events = {(event.value, event.is_bulk) for event in EventType if event.kind is kind}
    assert sorted(bulk for _, bulk in events) == [False, True]
    assert events == {(end.event, end.bulk) for end in ENDPOINTS.values() if end.kind.value == kind.value}


@each_kind
@pytest.mark.parametrize("size", [1, 2], ids=["single", "batch"])
def test_a_kind_goes_out_and_comes_back(kind, size, sandbox):
    """The client sends what the table makes of a lead, and reads the value and the inputs out of the answer."""
    queries = [KINDS[kind].query(somebody(crm_id=f"lead-{number}")) for number in range(size)]
    with open_client() as client:
        launch = client.launch(kind, queries)
        answer = client.fetch(kind, launch.id, bulk=size > 1)
    assert launch.credits_used == KINDS[kind].price * size
    assert [result.verdict for result in answer.results] == [Verdict.FOUND] * size
    assert all(result.value for result in answer.results)
    # A single answer may leave the inputs out; in a batch they say whose result it is.
    assert size == 1 or all(result.echo for result in answer.results)
    assert {result.echo.fingerprint for result in answer.results if result.echo} <= {
        query.fingerprint for query in queries
    }


@each_kind
def test_the_sandbox_takes_what_the_table_says(kind):
    """The default price and the most rows of a batch are those of Enrow as we know it today."""
    sandbox = next(end for end in ENDPOINTS.values() if end.kind.value == kind.value and end.bulk)
    assert (CURRENT.price(Product(kind.value)), CURRENT.limit(sandbox)) == (
        KINDS[kind].price,
        KINDS[kind].batch_size,
    )


@each_kind
def test_the_fields_of_a_kind_stand_on_the_lead(kind):
    """They exist, and the status takes both words for an answer and the one for a failure."""
    facts = KINDS[kind]
    names = {name for name in (facts.value, facts.status, facts.checked_at, facts.country) if name}
    for model in (Lead, LeadEnrichment):
        assert names <= {field.name for field in model._meta.fields}
        words = {value for value, _ in field(facts.status, model).choices}
        assert {"", facts.found, facts.not_found, "failed"} <= words
        assert max(map(len, words)) <= field(facts.status, model).max_length
    assert field(f"{facts.value}_inputs", LeadEnrichment)


@each_kind
def test_planning_reads_what_it_decides_by(kind):
    """The value that a lead has, and for a kind that judges also its status."""
    facts = KINDS[kind]
    assert {facts.value, *([facts.status] if facts.judges else [])} <= set(Candidate._fields)


@each_kind
def test_a_kind_fits_its_column(kind):
    """SQLite would keep a longer name, PostgreSQL refuse it."""
    for model in (SearchJob, LeadSearch):
        assert len(kind) <= model._meta.get_field("kind").max_length


@each_kind
def test_what_is_asked_for_one_kind_is_that_kind_alone(kind):
    """An action of the admin, and a search that is repeated, never buy more than their page says."""
    request = asked(kind)
    assert kinds_of(request.get("find", ()), verify=request.get("verify", False)) == (kind,)


def test_kinds_about_one_value_agree():
    """One value has one status, one time and one country, whichever kind brought it."""
    for facts in VALUES:
        same = [other for other in KINDS.values() if other.value == facts.value]
        assert {(one.status, one.checked_at, one.country) for one in same} == {
            (facts.status, facts.checked_at, facts.country)
        }


def test_words_and_headings_mean_one_thing():
    """A word asks for one kind, and a heading of a CSV file names one field."""
    assert len(WORDS) == sum(not facts.judges for facts in KINDS.values())
    meanings = {(heading, facts.value) for facts in KINDS.values() for heading in facts.headings}
    assert not [heading for heading, times in Counter(heading for heading, _ in meanings).items() if times > 1]


@each_kind
def test_every_heading_of_a_kind_is_understood(kind):
    """A file from another program finds the kind's field under each of its names."""
    for heading in KINDS[kind].headings:
        header = columns_of([heading])
        assert ([column.name for column in header.columns], header.unknown) == ([KINDS[kind].value], [])


@pytest.mark.parametrize("facts", [facts for facts in VALUES if facts.country], ids=lambda facts: facts.value)
def test_the_country_of_a_value_is_a_code(facts):
    """A file may have the name of a country, in the column of each value as in that of the lead."""
    (column,) = columns_of([facts.country]).columns
    code, error = column.read(["France", "Narnia"])
    assert code == "FR"
    assert isinstance(error, LeftOut)
    assert "two-letter code" in str(error)
