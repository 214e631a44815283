"""One person, one name: what is no name goes, what may be one stays."""

from __future__ import annotations

import unicodedata
from unittest import mock

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from enrow_webhooks.client import names
from enrow_webhooks.client.names import person
from enrow_webhooks.client.values import FindEmail, FindPhone

JANE = ("Jane", "Doe")


def whole(text):
    return person("", "", text)


@pytest.mark.parametrize(
    "text",
    [
        *("Jane Doe", "Dr. Jane Doe", "Dr Jane Doe", "Prof. Dr. Jane Doe", "Dr. med. Jane Doe", "Dipl.-Ing. Jane Doe"),
        *("Ms. Jane Doe", "Frau Dr. Jane Doe", "Doe, Jane", "Doe,Jane", "Doe, Dr. Jane", "Doe, Jane, PhD"),
        *("Jane Doe, PhD, MBA 🚀", "Jane Doe PhD", "Jane Doe MBA", "Jane Doe, M.D.", "Jane Doe MD", "Jane Doe, CEO"),
        *('Jane "JJ" Doe', "Jane (JJ) Doe", "Jane Doe (she/her)", "Jane Doe - CEO", "Jane Doe | Sales", "✨Jane Doe✨"),
        *("Jane Doe, PMP®", "\u202aJane Doe\u202c", "Jane\u2060 Doe", " Jane\u00a0Doe "),
    ],
)
def test_a_dress_makes_no_other_person(text):
    """Titles, credentials, emoji, nicknames and the order "Last, First" go."""
    assert whole(text) == JANE


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Judge Reinhold", ("Judge", "Reinhold")),
        ("Dr No", ("Dr", "No")),
        ("Jack Ma", ("Jack", "Ma")),
        ("Do, Kim", ("Kim", "Do")),
        ("Prince Michael Owusu", ("Prince", "Michael Owusu")),
        ("Judge John Smith", ("Judge", "John Smith")),
        ("Ann van Lee", ("Ann", "van Lee")),
        ("van der Berg, Anna", ("Anna", "van der Berg")),
        ("Doe, Jane A.", ("Jane", "A. Doe")),
        ("Jane A. Doe", ("Jane", "A. Doe")),
        ("Jean-Luc O'Neil", ("Jean-Luc", "O'Neil")),
        ("O'Neil, Sean", ("Sean", "O'Neil")),
        ("毛泽东", ("毛泽东", "")),
        ("Cher", ("Cher", "")),
        ("Dr. Cher", ("Cher", "")),
        ("Jennifer Null", ("Jennifer", "Null")),
        ("John Smith Jr.", ("John", "Smith Jr")),
        ("John Smith, Jr.", ("John", "Smith Jr")),
        ("Smith, John, Jr.", ("John", "Smith Jr")),
        ("John Smith III", ("John", "Smith III")),
        ("", names.NOBODY),
        ("n/a", names.NOBODY),
        ("NULL", names.NOBODY),
        ("Unknown unknown", names.NOBODY),
        ("🚀", names.NOBODY),
        ("Dr. -", names.NOBODY),
        ("|, ", names.NOBODY),
    ],
)
def test_what_may_be_a_name_stays(text, name):
    """Words that people are called, and what tells a father from a son; a word for nobody is none."""
    assert whole(text) == name


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        (("Dr. Jane", "Doe, PhD", ""), JANE),
        (("Jane", "Doe MBA", ""), JANE),
        (("Jane 🚀", "Doe®", ""), JANE),
        (("Jane", "", "Jane Doe"), JANE),
        (("", "Doe", "Dr. Jane Doe"), JANE),
        (("Dr.", "Jane Doe", ""), JANE),
        (("n/a", "-", "Doe, Jane"), JANE),
        (("Jane", "Doe", "Somebody Else"), JANE),
        (("Jane", "", "Doe"), ("Jane", "")),
        (("Jane", "n/a", ""), ("Jane", "")),
        (("Judge", "Reinhold", ""), ("Judge", "Reinhold")),
        (("Mary Jane", "Smith", ""), ("Mary Jane", "Smith")),
        (("Jane (JJ)", "Doe, Sales", ""), ("Jane (JJ)", "Doe, Sales")),
        (("Jane", "Smith, Jr.", ""), ("Jane", "Smith Jr")),
        (("NULL", "null", ""), names.NOBODY),
        (("Jennifer", "Null", ""), ("Jennifer", "Null")),
    ],
)
def test_two_fields_lose_only_titles_and_credentials(fields, name):
    """Where first and last name are filled they are believed; where one is missing, the full name is asked."""
    assert person(*fields) == name


WORDS = st.text(
    st.characters(categories=("Lu", "Ll", "Lo"), exclude_characters="\u115f\u1160\u3164\uffa0"), min_size=1, max_size=8
)
TITLES = st.sampled_from(["", "Dr. ", "Prof. Dr. ", "Ms. ", "\u2060", "\u202a"])
ENDS = st.sampled_from(["", " PhD", ", PhD, MBA", ", CFA 🚀", "\u202c", " ✨"])


@given(first=WORDS, last=WORDS, form=st.sampled_from(["NFC", "NFD"]), title=TITLES, end=ENDS)
def test_all_spellings_of_a_person_have_one_fingerprint(first, last, form, title, end):
    """Two plain words, in any dress, in one field or two, composed or not, are bought once."""
    plain = unicodedata.normalize("NFC", f"{first} {last}")
    assume(not names._is_title(first) and not names._is_credential(last) and " ".join(plain.split()) == plain)
    assume(not {first.casefold(), last.casefold()} & (names.FOR_NOBODY | names._GENERATIONS | names._TITLES))
    dressed = title + unicodedata.normalize(form, plain) + end
    spellings = [whole(plain), whole(dressed), person(f"{title}{first}", f"{last}{end}", "")]

    emails = {FindEmail(fullname=" ".join(name), company_domain="a.com").fingerprint for name in spellings}
    phones = {FindPhone(firstname=name[0], lastname=name[1], company_domain="a.com").fingerprint for name in spellings}

    assert len(emails) == len(phones) == 1


@given(one=st.tuples(WORDS, WORDS), other=st.tuples(WORDS, WORDS))
def test_two_plain_words_stay_two(one, other):
    """Nothing is taken from them, so two persons of one company never become one."""
    first, second = (tuple(unicodedata.normalize("NFC", word) for word in pair) for pair in (one, other))
    assume(all(not set(map(str.casefold, pair)) & names.FOR_NOBODY for pair in (first, second)))
    assert whole(" ".join(first)) == first
    prints = {
        FindEmail(fullname=" ".join(whole(" ".join(pair))), company_domain="a.com").fingerprint
        for pair in (first, second)
    }
    assert len(prints) == len({names_folded(pair) for pair in (first, second)})


SEVERAL = st.lists(
    st.sampled_from(["van", "der", "Smith", "7", "García", "Garci\u0301a", "Dr", "PhD", "Jr", "Null", "0", "①"])
    | st.text(max_size=4),
    min_size=1,
    max_size=4,
)


@given(words=SEVERAL, gap=st.sampled_from([" ", "  ", "\t", "\u00a0", "\u2028"]))
def test_the_short_way_of_plain_words_leads_where_the_long_one_does(words, gap):
    """Most surnames of several words need no closer look; what they are read as does not depend on it."""
    text = gap.join(words)
    with mock.patch.object(names, "_plain_words", return_value=[]):
        long_way = names._part.__wrapped__(text)
    assert names._part.__wrapped__(text) == long_way


@given(first=st.text(max_size=4) | WORDS, last=st.text(max_size=4) | WORDS, gap=st.sampled_from([" ", "  ", "\u00a0"]))
def test_the_short_way_of_a_pair_leads_where_the_long_one_does(first, last, gap):
    """Most names are two words of letters, and need no look at anything else."""
    for fields in ((first, last, ""), ("", "", f"{first}{gap}{last}")):
        with mock.patch.object(names, "_plain_pair", return_value=None):
            long_way = person(*fields)
        assert person(*fields) == long_way


def names_folded(pair):
    text = " ".join(pair).casefold().replace("ı", "i").replace("i\u0307", "i")
    return unicodedata.normalize("NFC", text)


@given(
    text=st.text()
    | st.lists(
        st.sampled_from(["Dr. ", "Jane", " ", ", ", "Doe", "PhD", "(", '"', "-", "'", ".", "Jr.", "🚀", "é"])
    ).map("".join)
)
def test_nothing_that_is_typed_makes_it_fail(text):
    """Whatever stands in the fields, two texts of one line come of it."""
    for first, last in (whole(text), person(text, text, text), person(text, "", text)):
        assert f"{first} {last}".split() == [*first.split(), *last.split()]
        assert first or not last
        f"{first}{last}".encode()
