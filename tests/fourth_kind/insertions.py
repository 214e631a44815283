"""A fourth kind of search, which Enrow does not sell: all that is written to add it, as insertions into a copy.

``find_mobile`` takes a LinkedIn profile, fills the lead's phone, costs 60 credits, and goes ten to a batch. In the
sandbox it is answered like a phone: what names no kind there does so already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Insertion:
    """A text that is written behind another, or before it. Nothing that stands there is changed."""

    file: str
    anchor: str
    text: str
    before: bool = False

    def apply(self, root: Path) -> None:
        path = root / self.file
        source = path.read_text(encoding="utf-8")
        times = source.count(self.anchor)
        assert times == 1, f"{self.file} has {self.anchor!r} {times} times; the fourth kind is written beside it"
        both = self.text + self.anchor if self.before else self.anchor + self.text
        path.write_text(source.replace(self.anchor, both), encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Twins:
    """Every table by kind in a file gets the entry of phones once more, for mobiles."""

    file: str

    def apply(self, root: Path) -> None:
        path = root / self.file
        source, times = re.subn(
            r"Product\.FIND_PHONE: ([^,}\n]+)", r"\g<0>, Product.FIND_MOBILE: \1", path.read_text(encoding="utf-8")
        )
        assert times, f"{self.file} has no table with an entry for Product.FIND_PHONE"
        path.write_text(source, encoding="utf-8")


def _in(file: str, *places: tuple[str, str] | tuple[str, str, str]) -> Iterator[Insertion]:
    """Yield the insertions of one file: anchor and text, and "before" where the text comes first."""
    for anchor, text, *where in places:
        yield Insertion(file=file, anchor=anchor, text=text, before=bool(where))


_VALUES = _in(
    "enrow_webhooks/client/values.py",
    ('    FIND_PHONE = "find_phone"\n', '    FIND_MOBILE = "find_mobile"\n'),
    (
        "Query = FindEmail",
        '''\
@dataclass(frozen=True, slots=True, kw_only=True)
class FindMobile(Asked):
    """One person whose mobile is wanted, by LinkedIn profile."""

    linkedin_url: str = field(repr=False)
    crm_id: str = ""

    @property
    def fingerprint(self) -> str:
        """The name of this purchase."""
        return fingerprint(Kind.FIND_MOBILE, self.linkedin_url)


''',
        "before",
    ),
    ("Query = FindEmail | VerifyEmail | FindPhone", " | FindMobile"),
)
_HTTP = _in(
    "enrow_webhooks/client/http.py",
    ("values import Account, Answer, FindEmail,", " FindMobile,"),
    ('Kind.FIND_PHONE: "/phone"', ', Kind.FIND_MOBILE: "/mobile"'),
    (
        "    item: dict[str, object] = {",
        """\
        case FindMobile(linkedin_url=url, crm_id=crm_id):
            fields = {"linkedin_url": url}
""",
        "before",
    ),
)
_ANSWERS = _in(
    "enrow_webhooks/client/answers.py",
    ("    FindEmail,\n", "    FindMobile,\n"),
    (
        "def _profile(url: str)",
        """\
def _find_mobile(body: Mapping[str, object]) -> FindMobile | None:
    url = _profile(text(mapping(body.get("params")).get("linkedin_url")))
    return FindMobile(linkedin_url=url) if url else None


""",
        "before",
    ),
    ('Kind.FIND_PHONE: "number"', ', Kind.FIND_MOBILE: "number"'),
    ("    Kind.FIND_PHONE: _find_phone,\n", "    Kind.FIND_MOBILE: _find_mobile,\n"),
)
_EVENTS = _in(
    "enrow_webhooks/client/events.py",
    (
        '    BULK_PHONE = "bulk_phone_search_finished"\n',
        """\
    SINGLE_MOBILE = "single_mobile_search_finished"
    BULK_MOBILE = "bulk_mobile_search_finished"
""",
    ),
    ("EventType.BULK_VERIFICATION, EventType.BULK_PHONE", ", EventType.BULK_MOBILE"),
    (
        "    EventType.BULK_PHONE: Kind.FIND_PHONE,\n",
        """\
    EventType.SINGLE_MOBILE: Kind.FIND_MOBILE,
    EventType.BULK_MOBILE: Kind.FIND_MOBILE,
""",
    ),
)
_TABLE = _in(
    "leads/kinds.py",
    ("client.values import FindEmail,", " FindMobile,"),
    (
        "def _as_it_came(",
        """\
def _find_mobile(lead: Candidate) -> FindMobile:
    if not filled(lead.linkedin_url):
        raise NotSent(Reason.MISSING, "It has no linkedin_url.")
    return FindMobile(linkedin_url=profile_url(lead.linkedin_url), crm_id=lead.crm_id)


""",
        "before",
    ),
    (
        "}\nWORDS: dict[str, Kind]",
        """\
    Kind.FIND_MOBILE: KindFacts(
        label=_("find mobile"),
        noun="a mobile",
        word="mobile",
        query=_find_mobile,
        value="phone",
        status="phone_status",
        checked_at="phone_checked_at",
        country="phone_country",
        found="found",
        not_found="not_found",
        price=Decimal(60),
        batch_size=10,
        tidy=_e164,
        headings=("cellphone",),
    ),
""",
        "before",
    ),
)
_ENDPOINTS = _in(
    "enrow_webhooks/sandbox/endpoints.py",
    ('    FIND_PHONE = "find_phone"\n', '    FIND_MOBILE = "find_mobile"\n'),
    (
        ")\n\nENDPOINTS = ",
        """\
    Endpoint(
        path="/mobile/single",
        kind=Product.FIND_MOBILE,
        bulk=False,
        created=201,
        launched="Single search operating",
        event="single_mobile_search_finished",
        id_missing="Missing id in the query params",
        id_unknown="Could not retrieve single search results",
    ),
    Endpoint(
        path="/mobile/bulk",
        kind=Product.FIND_MOBILE,
        bulk=True,
        created=201,
        launched="Bulk search operating",
        event="bulk_mobile_search_finished",
        id_missing="Missing id in the query params",
        id_unknown="Could not retrieve bulk search results",
        rows_key="searches",
    ),
""",
        "before",
    ),
)
_PROFILES = _in(
    "enrow_webhooks/sandbox/profiles.py",
    ("            Product.FIND_PHONE: self.phone_price,\n", "            Product.FIND_MOBILE: Decimal(60),\n"),
    (
        '        """Most rows of one batch."""\n',
        """\
        if endpoint.kind is Product.FIND_MOBILE:
            return 10
""",
    ),
)
INSERTIONS: tuple[Insertion | Twins, ...] = (
    *_VALUES,
    *_HTTP,
    *_ANSWERS,
    *_EVENTS,
    *_TABLE,
    *_ENDPOINTS,
    *_PROFILES,
    Twins(file="enrow_webhooks/sandbox/api.py"),
    Twins(file="enrow_webhooks/sandbox/validation.py"),
)
