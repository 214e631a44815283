"""Enrow's answers, word for word and as nobody documented them, become exact values."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrow_webhooks.client import answers
from enrow_webhooks.client.values import Answer, FindEmail, FindPhone, Kind, Result, SearchStatus, Verdict, VerifyEmail
from tests.conftest import payload

FIND, VERIFY, PHONE = Kind.FIND_EMAIL, Kind.VERIFY_EMAIL, Kind.FIND_PHONE
DONE = SearchStatus.COMPLETED
MICHAEL = FindPhone(linkedin_url="https://www.linkedin.com/in/michael-scott/")


def dunder(fullname: str) -> FindEmail:
    return FindEmail(fullname=fullname, company_domain="dundermifflin.com")


SINGLE = [
    (
        FIND,
        "get_email_find_single_200_found",
        Answer(
            status=DONE,
            results=(
                Result(
                    verdict=Verdict.FOUND,
                    value="dwight.schrute@dundermifflin.com",
                    crm_id="lead_001",
                    echo=dunder("Dwight Schrute"),
                ),
            ),
        ),
    ),
    (FIND, "get_email_find_single_202_ongoing", Answer(status=SearchStatus.ONGOING)),
    (
        VERIFY,
        "get_email_verify_single_200",
        Answer(
            status=DONE,
            results=(
                Result(
                    verdict=Verdict.FOUND,
                    value="pam.beesly@dundermifflin.com",
                    crm_id="lead_004",
                    echo=VerifyEmail(email="pam.beesly@dundermifflin.com"),
                ),
            ),
        ),
    ),
    (
        PHONE,
        "get_phone_single_200_found",
        Answer(
            status=DONE,
            results=(
                Result(verdict=Verdict.FOUND, value="+15705551234", country="US", crm_id="lead_005", echo=MICHAEL),
            ),
        ),
    ),
    (
        PHONE,
        "get_phone_single_200_not_found",
        Answer(status=DONE, results=(Result(verdict=Verdict.NOT_FOUND, crm_id="lead_005", echo=MICHAEL),)),
    ),
]
BULK = [
    (
        FIND,
        "get_email_find_bulk_200_completed",
        Answer(
            status=DONE,
            cost=Decimal(2),
            hits=2,
            results=(
                Result(
                    verdict=Verdict.FOUND,
                    value="dwight.schrute@dundermifflin.com",
                    crm_id="lead_001",
                    index=0,
                    echo=dunder("Dwight Schrute"),
                ),
                Result(
                    verdict=Verdict.FOUND,
                    value="jim.halpert@dundermifflin.com",
                    crm_id="lead_002",
                    index=1,
                    echo=dunder("Jim Halpert"),
                ),
                Result(verdict=Verdict.NOT_FOUND, crm_id="lead_003", index=2, echo=dunder("Ryan Howard")),
            ),
        ),
    ),
    (FIND, "get_email_find_bulk_200_ongoing", Answer(status=SearchStatus.ONGOING)),
    (
        VERIFY,
        "get_email_verify_bulk_200_completed",
        Answer(
            status=DONE,
            cost=Decimal("0.5"),
            hits=1,
            results=(
                Result(
                    verdict=Verdict.FOUND,
                    value="pam.beesly@dundermifflin.com",
                    echo=VerifyEmail(email="pam.beesly@dundermifflin.com"),
                ),
                Result(
                    verdict=Verdict.NOT_FOUND,
                    value="angela.martin@dundermifflin.com",
                    echo=VerifyEmail(email="angela.martin@dundermifflin.com"),
                ),
            ),
        ),
    ),
    (
        PHONE,
        "get_phone_bulk_200_completed",
        Answer(
            status=DONE,
            cost=Decimal(80),
            hits=2,
            results=(
                Result(verdict=Verdict.FOUND, value="+15705551234", country="US", index=0, echo=MICHAEL),
                Result(
                    verdict=Verdict.FOUND,
                    value="+15705555678",
                    country="US",
                    index=1,
                    echo=FindPhone(linkedin_url="https://www.linkedin.com/in/dwight-schrute/"),
                ),
            ),
        ),
    ),
]


@pytest.mark.parametrize(("kind", "name", "answer"), SINGLE)
def test_a_documented_single_answer_is_read_exactly(kind, name, answer):
    """Every field of the documented body finds its place, and nothing is generated."""
    assert answers.single_answer(kind, payload(f"responses/{name}")) == answer


@pytest.mark.parametrize(("kind", "name", "answer"), BULK)
def test_a_documented_bulk_answer_is_read_exactly(kind, name, answer):
    """``index`` as text, number or UUID, ``credits_cost`` as object or number: one value each."""
    assert answers.bulk_answer(kind, payload(f"responses/{name}")) == answer


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        (0.25, "0.25"),
        (386.25, "386.25"),
        ("1968.25", "1968.25"),
        (2284, "2284"),
        (0, "0"),
        ("40.00", "40"),
        ("1e3", "1000"),
        (1.1, "1.1"),
        ("0.25000000000000001", "0.25"),
        ("1e-999999", "0"),
    ],
)
def test_credits_are_exact(value, exact):
    """Quarters survive, in text or number, and nothing finer than a credit needs comes through."""
    assert answers.decimal(value) == Decimal(exact)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        "",
        "abc",
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        float("nan"),
        float("inf"),
        [],
        {},
        "1,5",
        "1e9",
        "1E+1000000",
        "1E+999999999999",
        10**9,
        pytest.param(10**5000, id="5,000 digits"),
    ],
)
def test_what_is_no_amount_of_credits_is_none(value):
    """Neither a flag nor infinity becomes money, and no number is too large to be refused."""
    assert answers.decimal(value) is None


@pytest.mark.parametrize(
    ("custom", "crm_id"),
    [
        ({"crm_id": "A-1"}, "A-1"),
        ("A-1", "A-1"),
        (7, "7"),
        ({"crm_id": 7}, "7"),
        ({"other": 1}, ""),
        (None, ""),
        (True, ""),
        (1.5, ""),
        (["A-1"], ""),
        ({"crm_id": {"x": 1}}, ""),
        ("A\x00-1", "A -1"),
        (10**40, ""),
    ],
)
def test_our_crm_id_comes_back_from_any_custom(custom, crm_id):
    """An object, bare text or a number; everything else has none."""
    assert answers.crm_id_of(custom) == crm_id


@pytest.mark.parametrize(
    ("custom", "is_verbatim"),
    [
        ({"crm_id": "A-1"}, True),
        ("A-1", True),
        ('{"crm_id": "A-1"}', True),
        (7, True),
        (None, True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("A-1 ", False),
        ({"crm_id": "A-\u200b1"}, False),
        ('{"crm_id": "A-1\\n"}', False),
        ("A\x00", False),
    ],
)
def test_a_crm_id_in_another_spelling_is_told(custom, is_verbatim):
    """What was cleaned or cut off may be meant for somebody else."""
    assert answers.result(FIND, {"qualification": "invalid", "custom": custom}).is_verbatim is is_verbatim


@pytest.mark.parametrize(
    ("word", "verdict"),
    [
        ("valid", Verdict.FOUND),
        ("VALID", Verdict.FOUND),
        (" found ", Verdict.FOUND),
        ("invalid", Verdict.NOT_FOUND),
        ("not_found", Verdict.NOT_FOUND),
        ("ongoing", Verdict.ONGOING),
        ("catch_all", Verdict.UNUSABLE),
        ("", Verdict.UNUSABLE),
        (None, Verdict.UNUSABLE),
        (1, Verdict.UNUSABLE),
    ],
)
def test_a_qualification_is_one_of_four_verdicts(word, verdict):
    """Upper case is the same word; an unknown word is never taken for a hit."""
    assert answers.verdict_of({"qualification": word}) is verdict


def test_an_address_without_a_hit_is_dropped():
    """An ``invalid`` answer of the finder can still carry an address: it never reaches a lead."""
    assert answers.result(FIND, {"qualification": "invalid", "email": "a@b.com"}).value == ""


@pytest.mark.parametrize(
    ("came", "kept"),
    [(None, ""), ("", ""), ("  ", '" "'), (7, "7"), ({"a": "b"}, '{"a": "b"}'), ([1], "[1]"), (True, "true")],
)
@pytest.mark.parametrize(("kind", "key"), [(FIND, "email"), (PHONE, "number")])
def test_a_hit_whose_value_cannot_be_read_is_no_miss(kind, key, came, kept):
    """It is billed: it stays a hit, with what came instead of the value for a person to read."""
    read = answers.result(kind, {"qualification": "found", key: came})
    assert (read.verdict, read.value, read.is_hit) == (Verdict.WORTHLESS, kept, True)


@pytest.mark.parametrize(("length", "verdict"), [(254, Verdict.FOUND), (255, Verdict.WORTHLESS)])
def test_a_value_that_is_too_long_is_not_cut_into_another(length, verdict):
    """The first 254 characters of a longer address may be somebody else's."""
    address = f"ann@{'a.' * 200}"[: length - 4] + ".com"
    read = answers.result(FIND, {"qualification": "valid", "email": address})
    assert (read.verdict, read.value, read.is_hit) == (verdict, address[:254], True)


def test_a_value_that_is_nested_too_deeply_to_write_down_is_said_so():
    """What Python read is not always what it can write."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert answers.result(FIND, {"qualification": "valid", "email": deep}).value == "(nested too deeply)"


@pytest.mark.parametrize(
    ("qualification", "email", "is_hit"),
    [("valid", "a@b.com", True), ("invalid", "a@b.com", False), ("risky", "a@b.com", True), ("risky", None, False)],
)
def test_a_word_that_nobody_knows_is_a_hit_when_it_brings_a_value(qualification, email, is_hit):
    """What may have been billed is counted."""
    assert answers.result(FIND, {"qualification": qualification, "email": email}).is_hit is is_hit


@pytest.mark.parametrize(
    ("custom", "crm_id"),
    [
        ('{"crm_id": "lead-1"}', "lead-1"),
        (' {"crm_id": 7}', "7"),
        ('{"crm_id": null}', ""),
        ('{"id": 1}', '{"id": 1}'),
        ("{lead", "{lead"),
        ('"lead-1"', '"lead-1"'),
        ("[1]", "[1]"),
    ],
)
def test_a_custom_that_comes_back_as_the_text_of_its_object_is_read(custom, crm_id):
    """Only our own object is opened: any other text is the crm_id itself."""
    assert answers.crm_id_of(custom) == crm_id


def test_the_custom_of_a_batch_names_none_of_its_rows():
    """It is the batch's: each row has its own, or none."""
    body = payload("responses/get_email_find_bulk_200_completed")
    assert body["general"]["custom"]
    rows = [{name: value for name, value in row.items() if name != "custom"} for row in body["results"]]
    read = answers.bulk_answer(FIND, body | {"custom": "lead-1", "results": rows})
    assert {result.crm_id for result in read.results} == {""}


@pytest.mark.parametrize("custom", ["{" * 1999, '{"a":' * 300, '{"crm_id": "' + "x" * 5000 + '"}'])
def test_a_custom_that_is_no_object_of_ours_stays_text(custom):
    """Too deep, cut off or too long: no error, and bounded."""
    assert answers.crm_id_of(custom) == custom[:128]


@pytest.mark.parametrize(("country", "kept"), [("us", "US"), ("United States", ""), ("ßß", ""), (1, ""), (None, "")])
def test_a_country_is_two_letters_or_nothing(country, kept):
    """The column has two places: a longer name is not cut into another country."""
    assert answers.result(PHONE, {"qualification": "found", "number": "+1", "country": country}).country == kept


@pytest.mark.parametrize(
    ("index", "place"),
    [
        ("0", 0),
        (7, 7),
        ("-1", None),
        (-1, None),
        (True, None),
        (10**30, None),
        ("١", None),
        ("195f87c6-376e-4eca-9861-f92935413b0c", None),
        (1.0, None),
        (None, None),
    ],
)
def test_an_index_is_a_place_or_nothing(index, place):
    """A negative index would name the last row."""
    assert answers.result(FIND, {"index": index}).index == place


def test_the_cost_of_phones_is_unknown_while_a_refund_is_pending():
    """Whether ``credits_cost`` is before or after the refund is documented nowhere, so it is not guessed."""
    body = payload("responses/get_phone_bulk_200_completed")
    body["stats"]["credits_to_refund"] = 40
    assert answers.bulk_answer(PHONE, body).cost is None


@pytest.mark.parametrize("body", [{}, {"email": "a@b.com"}, {"qualification": ""}, {"qualification": 5}])
def test_a_body_without_a_qualification_is_no_answer(body):
    """A page of some gateway is not taken for a search that ended."""
    with pytest.raises(ValueError, match="qualification"):
        answers.single_answer(FIND, body)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["valid", "found", "completed", "ongoing", "https://linkedin.com/in/x%41", "1E+99999999", "\ud800", "a@b.c"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
KEYS = [
    "event",
    "id",
    "credits",
    "cost",
    "result",
    "custom",
    "crm_id",
    "email",
    "number",
    "qualification",
    "country",
    "index",
    "raw_params",
    "params",
    "fullname",
    "linkedin_url",
    "lastname",
    "general",
    "status",
    "stats",
    "results",
    "credits_cost",
    "finished",
    "credits_to_refund",
    "final",
]
OBJECT = st.recursive(
    st.dictionaries(st.sampled_from(KEYS), JSON, max_size=10),
    lambda inner: st.dictionaries(st.sampled_from(KEYS), inner | st.lists(inner, max_size=3) | JSON, max_size=10),
    max_leaves=6,
)


@given(kind=st.sampled_from(Kind), body=OBJECT)
def test_no_body_breaks_the_reader(kind, body):
    """Whatever the types: a value that fits its column, or ValueError where the answer says nothing."""
    found = answers.result(kind, body)
    assert len(found.value) <= 254
    assert len(found.country) in {0, 2}
    assert len(found.crm_id) <= 128
    for read in (answers.single_answer, answers.bulk_answer):
        try:
            answer = read(kind, body)
        except ValueError:
            continue
        assert answer.cost is None or answer.cost.is_finite()
