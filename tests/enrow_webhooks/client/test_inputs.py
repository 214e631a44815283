"""What a person typed becomes what Enrow accepts, or one sentence that names the field."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from enrow_webhooks.client import inputs
from enrow_webhooks.client.errors import BadInput
from enrow_webhooks.client.inputs import clean_domain, clean_email, clean_text, profile_url

CLEANERS = [(clean_domain, "company_domain"), (clean_email, "email"), (profile_url, "linkedin_url")]


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.Com", "example.com"),
        (" example.com ", "example.com"),
        ("example.com.", "example.com"),
        ("www.example.com", "example.com"),
        ("WWW.example.com", "example.com"),
        ("www.www.example.com", "example.com"),
        ("www.net", "www.net"),
        ("awww.example.com", "awww.example.com"),
        ("example.www.com", "example.www.com"),
        ("https://www.example.com", "example.com"),
        ("http://example.com:8080/about?x=1#top", "example.com"),
        ("example.com/about", "example.com"),
        ("example.com//about", "example.com"),
        ("//example.com", "example.com"),
        ("example.com?x=1", "example.com"),
        ("example.com:443", "example.com"),
        ("https://ann:secret@example.com/x", "example.com"),
        ("ann@example.com", "example.com"),
        ("ann@WWW.example.com", "example.com"),
        ("mailto:ann@example.com", "example.com"),
        ("shop.example.co.uk", "shop.example.co.uk"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("ｅｘａｍｐｌｅ．com", "example.com"),
        ("ｗｗｗ.example.com", "example.com"),
        ("exam\u200bple.com", "example.com"),
        ("3m.com", "3m.com"),
        ("a-b.io", "a-b.io"),
        ("mylinkedin.com", "mylinkedin.com"),
        ("linkedin.com.evil.io", "linkedin.com.evil.io"),
        ("", None),
        (" ", None),
        ("Acme", None),
        ("localhost", None),
        ("Acme Inc.", None),
        ("acme inc.com", None),
        ("1.2.3.4", None),
        ("http://1.2.3.4:80/", None),
        ("127.1", None),
        ("[::1]", None),
        ("http://[2001:db8::1]/", None),
        ("::1", None),
        ("http://[::1", None),
        ("-a.com", None),
        ("a-.com", None),
        ("a..com", None),
        (".com", None),
        ("a_b.com", None),
        ("a" * 300 + ".com", None),
        (".".join(["ab"] * 120), None),
        ("😀.com", None),
        ("com.😀", None),
        ("\x00", None),
        ("\ud800.com", None),
        ("ex\x00ample.com", None),
        ("xn--a.com", None),
        ("linkedin.com", None),
        ("https://www.linkedin.com/company/acme", None),
        ("fr.linkedin.com", None),
        ("https://", None),
        ("file:///etc", None),
        ("https://example.com/" + "x" * 1980, "example.com"),
        ("https://bücher.example/" + "x" * 1977, "xn--bcher-kva.example"),
        # No address is that long; to look for a domain in it would only cost time.
        ("https://example.com/" + "x" * 1981, None),
        ("https://bücher.example/" + "x" * 1978, None),
        # A letter in full width for each of a domain's 253, and their accents: no host is that long either.
        ("ｅ" * 61 + ".com", "e" * 61 + ".com"),
        ("exam" + "\u0301" * 490 + "ple.com", None),
    ],
)
def test_domains(typed, domain):
    """A domain in any dress is undressed; what is none is refused, and so is LinkedIn's own."""
    if domain is None:
        with pytest.raises(BadInput, match=r"^company_domain "):
            clean_domain(typed)
    else:
        assert clean_domain(typed) == domain


ANN = "https://www.linkedin.com/in/ann-smith/"
MEMBER = "https://www.linkedin.com/in/ACoAAABcdEfGhIjKlMnOpQrStUvWxYz012/"
# What is copied along with a profile.
TAILS = [
    *(
        ",",
        ";",
        "&trk=x",
        "&amp;trk=x&y=1",
        ", https://x.com",
        ",https://x.com/a",
        ";www.x.com",
        "|",
        ".",
        ")",
        ").",
        ">",
    ),
    *('"', "',", "; Bob Jones", "&"),
]


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (ANN, ANN),
        ("https://www.linkedin.com/in/ann-smith", ANN),
        ("http://linkedin.com/in/ann-smith", ANN),
        ("linkedin.com/in/ann-smith", ANN),
        ("www.linkedin.com/in/ann-smith/", ANN),
        ("https://fr.linkedin.com/in/ann-smith", ANN),
        ("https://uk.linkedin.com/in/ann-smith/fr", ANN),
        ("https://m.linkedin.com/in/ann-smith", ANN),
        ("https://www.fr.linkedin.com/in/ann-smith", ANN),
        ("HTTPS://WWW.LINKEDIN.COM/IN/Ann-Smith/", ANN),
        ("https://www.linkedin.com/in/ann-smith?trk=x&y=1#top", ANN),
        ("https://www.linkedin.com/in/ann-smith/details/experience/", ANN),
        ("  https://www.linkedin.com/in/ann-smith \n", ANN),
        ("https://www.linkedin.com./in/ann-smith", ANN),
        ("//www.linkedin.com/in/ann-smith", ANN),
        ("https://www.linkedin.com/in/ren%C3%A9-x/", "https://www.linkedin.com/in/rené-x/"),
        ("https://www.linkedin.com/in/RENÉ-x/", "https://www.linkedin.com/in/rené-x/"),
        ("https://www.linkedin.com/in/rene\u0301-x/", "https://www.linkedin.com/in/rené-x/"),
        *((f"https://www.linkedin.com/in/ann-smith{tail}", ANN) for tail in TAILS),
        ("https://www.linkedin.com/mwlite/in/ann-smith", ANN),
        ("https://www.linkedin.com/comm/in/Ann-Smith?midToken=x", ANN),
        ("https://www.linkedin.com/in/ann-\u2060smith", ANN),
        (MEMBER, MEMBER),
        ("fr.linkedin.com/in/ACoAAABcdEfGhIjKlMnOpQrStUvWxYz012?trk=x", MEMBER),
        (MEMBER.lower(), MEMBER.lower()),
        # A comma within it may be a part of a name: who knows whose profile the first half is?
        ("https://www.linkedin.com/in/ann-smith,-mba-12", None),
        ("https://www.linkedin.com/in/ann-smith%2C-mba-12", None),
        ("https://www.linkedin.com/in/ann-smith%29", None),
        ("https://www.linkedin.com/in/ann&bob", None),
        ("https://www.linkedin.com/mwlite/company/acme", None),
        ("https://www.linkedin.com/company/acme", None),
        ("https://www.linkedin.com/school/mit", None),
        ("https://www.linkedin.com/showcase/x-y", None),
        ("https://www.linkedin.com/pub/ann-smith/1/23/456", None),
        ("https://www.linkedin.com/sales/lead/x", None),
        ("https://www.linkedin.com/in/", None),
        ("https://www.linkedin.com/in//x", None),
        ("https://www.linkedin.com/", None),
        ("ann-smith", None),
        ("https://linkedin.com.evil.io/in/ann-smith", None),
        ("https://evil-linkedin.com/in/ann-smith", None),
        ("https://linkedin.co/in/ann-smith", None),
        ("https://evil.io/linkedin.com/in/ann-smith", None),
        ("https://linkedin.com@evil.io/in/ann-smith", None),
        ("https://lnkd.in/abc", None),
        ("https://www.linkedin.com/in/a%2Fb", None),
        ("https://www.linkedin.com/in/a%252Fb", None),
        ("https://www.linkedin.com/in/%00%00", None),
        ("https://www.linkedin.com/in/a%20b", None),
        ("https://www.linkedin.com/in/" + "a" * 201, None),
        ("https://[::1/in/ann", None),
        ("https://www.linkedin.com/in/ann?x=" + "x" * 1966, "https://www.linkedin.com/in/ann/"),
        ("https://www.linkedin.com/in/ann?x=" + "x" * 1967, None),
        ("", None),
    ],
)
def test_linkedin_urls(typed, url):
    """Any spelling of a person's page is one URL; companies, lookalikes and what is no page are refused."""
    if url is None:
        with pytest.raises(BadInput, match=r"^linkedin_url "):
            profile_url(typed)
    else:
        assert profile_url(typed) == url


@pytest.mark.parametrize(
    ("typed", "email"),
    [
        ("ann@example.com", "ann@example.com"),
        (" Ann.B+x@Example.com ", "Ann.B+x@Example.com"),
        ("é@bücher.example", "é@bücher.example"),
        ("o'neil@example.co.uk", "o'neil@example.co.uk"),
        ("a/b@example.com", "a/b@example.com"),
        ("", None),
        ("ann", None),
        ("@example.com", None),
        ("ann@", None),
        ("ann@localhost", None),
        ("a@b@example.com", None),
        ("ann@example.com,", None),
        ("Ann <ann@example.com>", None),
        ("mailto:ann@example.com", None),
        ("ann@example.com; bob@example.com", None),
        ("an n@example.com", None),
        ("ann@exa mple.com", None),
        ("ann@.com", None),
        ("ann@example.com.", None),
        ("ann@1.2.3.4", None),
        ("ann@[1.2.3.4]", None),
        ("a" * 65 + "@example.com", None),
        ("ann@" + "a." * 130 + "com", None),
        ("an\x00n@example.com", None),
        ("\ud800@example.com", None),
    ],
)
def test_emails(typed, email):
    """An address stays as it was typed; what Enrow would refuse, and with it the batch, is refused first."""
    if email is None:
        with pytest.raises(BadInput, match=r"^email "):
            clean_email(typed)
    else:
        assert clean_email(typed) == email


@pytest.mark.parametrize(("clean", "field"), CLEANERS)
@pytest.mark.parametrize("typed", ["x" * 10_000, "\x00\ud800" * 50, "'\"\\"])
def test_the_sentence_names_the_field_and_stays_short(clean, field, typed):
    """A person reads it, a column keeps it, UTF-8 carries it."""
    with pytest.raises(BadInput) as caught:
        clean(typed)
    sentence = str(caught.value)
    assert sentence.startswith(f"{field} ")
    assert sentence.endswith(".")
    assert len(sentence) < 250
    sentence.encode()


def test_text_is_one_line_without_what_a_database_refuses():
    """NUL, lone surrogates, invisible spaces and line ends go; letters of every script stay."""
    assert clean_text(" Ann\x00\n\ud800 Лена\u200b\u2028 Ýr ") == "Ann Лена Ýr"


PIECES = st.lists(
    st.sampled_from(
        [
            "www.",
            "WWW.",
            "ann",
            "@",
            "example",
            ".com",
            ".",
            "/",
            "//",
            ":",
            "https://",
            "in/",
            "linkedin.com",
            "www.linkedin.com/in/",
            "%C3%A9",
            "%25",
            "%41",
            "é",
            "İ",
            "ß",
            "ﬁ",
            "\u0301",
            "ｗ",
            "。",
            "?",
            "#",
            " ",
            "\x00",
            "\ud800",
            "xn--",
            "1",
            ",",
            "&",
            "%2C",
            "%29",
            "=",
            "ACoAAABcdEfGhIjKlMnOpQrSt",
            "[",
            "]",
        ]
    )
    | st.text(max_size=6),
    max_size=9,
).map("".join)


@pytest.mark.parametrize(("clean", "field"), CLEANERS)
@given(typed=PIECES | st.text())
@example(typed="www.www.net")
@example(typed="https://linkedin.com/in/a%2541b")
def test_cleaning_twice_is_cleaning_once(clean, field, typed):
    """Only BadInput is ever raised, and a clean value is its own clean form: its fingerprint never changes."""
    try:
        once = clean(typed)
    except BadInput as refusal:
        sentence = str(refusal)
        once = None
    if once is None:
        assert sentence.startswith(f"{field} ")
        return
    assert clean(once) == once
    once.encode()


HOST_PIECES = [
    "www.",
    "WWW.",
    "a",
    "Ab",
    "xn--",
    "a--b",
    "ab--c",
    "-",
    ".",
    "com",
    "IO",
    "co.uk",
    "1",
    "9",
    "_",
    "é",
    "ſ",
    "K",
]
URL_PIECES = ["https://", "HTTP://", "//", "/", "/x?y#z", "?", "#", ":80", "@", "\n", "a" * 63, "b" * 62]
HOSTS = st.lists(st.sampled_from(HOST_PIECES + URL_PIECES), max_size=8).map("".join)


@given(typed=HOSTS)
@example(typed=".".join(["ab"] * 83) + ".abcd")
@example(typed=".".join(["ab"] * 83) + ".abcde")
def test_the_short_way_to_a_domain_leads_where_the_long_one_does(typed):
    """Plain hosts skip the URL parser and IDNA, which would say the same of them."""
    typed = clean_text(typed)
    parts = inputs._split(typed)
    host = (parts.hostname or "") if parts else ""
    assert inputs._ascii_domain(inputs._host(typed)) == inputs._domain_by_idna(host)
