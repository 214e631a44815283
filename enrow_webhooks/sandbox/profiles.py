"""The table of facts: everything that Enrow does in one way or in another, and what each profile has.

Flip one fact with ``SandboxServer(facts="phone_price=50")``, see ``facts``, or with
``dataclasses.replace(CURRENT, phone_price=Decimal(50))``.
"""

import operator
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Any

from enrow_webhooks.sandbox.endpoints import Endpoint, Product
from enrow_webhooks.sandbox.facts import facts_of, read, told
from enrow_webhooks.sandbox.values import number

# Where facts come from, in a word or two.
_NOW = "documentation of 2026"
_THEN = "documentation of 2026; legacy: of April 2026"
_OLDEST = "ReadMe-era documentation"
_MET = "met by an integrator"
_UNSAID = "no source says"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One reading of the contract. Prices are credits per row."""

    name: str

    find_price: Annotated[Decimal, told("credits for an e-mail that is found", _NOW)] = Decimal(1)
    verify_price: Annotated[Decimal, told("credits for a verification", _NOW)] = Decimal("0.25")
    phone_price: Annotated[
        Decimal, told("credits for a phone that is found", _THEN + ", and older plans", legacy=Decimal(50))
    ] = Decimal(40)
    email_limit: Annotated[int, told("most rows of one e-mail batch, found or verified", _NOW)] = 5000
    phone_limit: Annotated[int, told("most rows of one phone batch", _THEN, legacy=5000)] = 3000
    inexact_credits: Annotated[
        bool, told("credits come as floating-point sums leave them: 0.30000000000000004 for 0.3", _UNSAID, unkind=True)
    ] = False

    verify_rows_key: Annotated[
        str,
        told(
            "where a bulk verification has its rows",
            _THEN,
            choices=("verifications", "emails", "either"),
            legacy="either",
        ),
    ] = "verifications"
    phone_names: Annotated[
        str,
        told(
            "how a phone search spells its names; first_name is first_name and last_name",
            _THEN,
            choices=("firstname", "first_name", "either"),
            legacy="either",
        ),
    ] = "firstname"
    strict_slugs: Annotated[
        bool, told("a LinkedIn slug with a comma, semicolon or the like is refused", _UNSAID, unkind=True)
    ] = False
    refusals_without_row: Annotated[
        bool,
        told(
            "the refusal of a batch does not say which row is bad: Invalid linkedin_url, as for a single search",
            "April 2026 names the row for finds; " + _UNSAID + " for others",
            unkind=True,
        ),
    ] = False

    out_of_credits_status: Annotated[
        int,
        told(
            "402 has a shape per endpoint; 422 says Insufficient balance everywhere",
            _THEN,
            choices=(402, 422),
            legacy=422,
        ),
    ] = 402
    unknown_id_is_404: Annotated[
        bool, told("a GET for an unknown id is 404, else 400 in bulk and 500 for a single", _THEN, legacy=True)
    ] = False
    running_find_bulk_status: Annotated[
        int, told("status of a GET while a find batch runs", _THEN, choices=(200, 202), legacy=202)
    ] = 200
    rate_limit_text: Annotated[str, told("what a 429 says", _THEN, legacy="Rate limit exceeded")] = "Too Many Requests"
    verify_json_text: Annotated[
        str, told("what a single verification says of broken JSON", _THEN, legacy="Invalid JSON input")
    ] = "invalid JSON input"
    unknown_route_status: Annotated[
        int,
        told("403 is an API gateway's answer to an unknown path; 404 a plain server's", _UNSAID, choices=(403, 404)),
    ] = 403

    info_fullname: Annotated[
        bool, told("info of a single find, and of its event, has fullname", f"webhook page; not the {_OLDEST}")
    ] = True
    item_fullname: Annotated[bool, told("info of a find batch's row has fullname", _THEN, legacy=True)] = False
    item_company_info: Annotated[bool, told("info of a find batch's row has companyInfo", _THEN, legacy=False)] = True
    phone_hits_key: Annotated[
        str, told("how a phone batch calls its count of hits", _THEN, choices=("found", "valid"), legacy="valid")
    ] = "found"
    phone_ongoing_params: Annotated[
        bool, told("the 202 of a running phone search repeats params and custom", _THEN, legacy=True)
    ] = False
    phone_cost_after_refund: Annotated[
        bool, told("credits_cost of a phone batch is after credits_to_refund", _UNSAID, unkind=True)
    ] = False
    invalid_carries_email: Annotated[
        bool, told("an invalid answer of the finder still has an address", _MET, unkind=True)
    ] = False
    verify_bulk_breakdown: Annotated[
        bool, told("the POST of a bulk verification answers with a credits object", _NOW, resolver=True)
    ] = False
    account_breakdown: Annotated[bool, told("/account/info has credits_breakdown", _MET, resolver=True)] = False
    custom_as_text: Annotated[
        bool,
        told(
            "custom that was sent as an object comes back as a text of JSON",
            "documented as an object in some places, as text in others",
            resolver=True,
        ),
    ] = False

    echo_domain_added: Annotated[
        bool, told("raw_params and params have the company_domain that a company name led to", _UNSAID, resolver=True)
    ] = False
    echo_company_resolved: Annotated[
        bool, told("raw_params and params have the registered name of the company", _UNSAID, resolver=True)
    ] = False
    echo_profile_resolved: Annotated[
        bool, told("params of a phone search by name have the LinkedIn profile", _UNSAID, resolver=True)
    ] = False
    echo_name_folded: Annotated[
        bool,
        told("raw_params and params have names without accents, in capitals and small letters", _UNSAID, resolver=True),
    ] = False
    echo_urls_rewritten: Annotated[
        bool,
        told("a domain comes back as https://www.acme.com/, a profile without www and slash", _UNSAID, resolver=True),
    ] = False
    echo_slug_canonical: Annotated[
        bool, told("a profile comes back under another slug, as LinkedIn redirects to it", _UNSAID, resolver=True)
    ] = False
    echo_email_lowered: Annotated[
        bool, told("a verified address comes back in small letters", _UNSAID, resolver=True)
    ] = False
    shuffled_rows: Annotated[
        bool, told("results of a batch stand in another order than their index", _UNSAID, resolver=True)
    ] = False
    missing_rows: Annotated[
        float, told("share of the rows that the results of a batch leave out, though billed", _UNSAID, unkind=0.1)
    ] = 0.0
    ongoing_rows: Annotated[
        float, told("share of the rows that are still ongoing in a finished batch", _MET, unkind=0.1)
    ] = 0.0
    worthless_values: Annotated[
        float,
        told("share of the hits that are valid with not-an-email, or found with the number 12", _UNSAID, unkind=0.1),
    ] = 0.0

    phone_event_custom: Annotated[
        str,
        told(
            "where a single phone event has custom",
            "promised, its place is not; not in any example",
            choices=("result", "top", "off"),
            legacy="off",
            resolver="top",
        ),
    ] = "result"
    bulk_event_custom: Annotated[
        str,
        told(
            "where a bulk event has the custom of the batch",
            "promised, its place is not; not in any example",
            choices=("top", "general", "off"),
            legacy="off",
            resolver="general",
        ),
    ] = "top"
    phone_nested: Annotated[
        bool, told("a single phone event wraps its result twice, with a second id inside", _OLDEST)
    ] = False
    find_event_result: Annotated[
        bool, told("the event of a single find has its result", f"webhook page; not the oldest {_OLDEST}")
    ] = True
    webhook_balance: Annotated[bool, told("credits of an e-mail event have the balance", _OLDEST)] = False
    webhook_final_cost: Annotated[
        bool, told("credits of an event tell the cost after refunds, else before", _UNSAID, unkind=False)
    ] = True
    failed_batch_notifies: Annotated[bool, told("a batch that ends failed sends its event", _UNSAID, unkind=False)] = (
        True
    )

    @property
    def resolves(self) -> bool:
        """Whether the echo of a search takes any liberty."""
        return any(_liberties(self))

    def price(self, kind: Product) -> Decimal:
        """Credits that one row of this kind costs."""
        return {
            Product.FIND_EMAIL: self.find_price,
            Product.VERIFY_EMAIL: self.verify_price,
            Product.FIND_PHONE: self.phone_price,
        }[kind]

    def limit(self, endpoint: Endpoint) -> int:
        """Most rows of one batch."""
        return self.phone_limit if endpoint.kind is Product.FIND_PHONE else self.email_limit

    def number(self, amount: Decimal) -> int | float:
        """Return credits as they stand in a body."""
        return number(amount, inexact=self.inexact_credits)


FACTS = facts_of(Profile)
_liberties = operator.attrgetter(*(name for name in FACTS if name.startswith("echo_")))

# Each profile, with the one on which it is built and what it is.
_BUILT_ON = {
    "current": ("", "the documentation of 2026, read as kindly as it can be read"),
    "legacy": ("current", "the documentation of April 2026; what is still older is switched fact by fact"),
    "resolver": ("current", "the same results, told by an Enrow that resolved the inputs: each still has its owner"),
    "unkind": (
        "resolver",
        "as resolver, and rows that are missing, never end or hold nonsense: whatever no source rules out",
    ),
}
MEANINGS = {name: meaning for name, (_, meaning) in _BUILT_ON.items()}


def _profile(name: str) -> Profile:
    base, _ = _BUILT_ON[name]
    if not base:
        return Profile(name=name)
    own: dict[str, Any] = {fact.name: fact.others[name] for fact in FACTS.values() if name in fact.others}
    return replace(_profile(base), name=name, **own)


PROFILES = {name: _profile(name) for name in _BUILT_ON}
CURRENT = PROFILES["current"]


def profile_named(name: str) -> Profile:
    """Return a profile by its name. Raises ValueError, in a sentence, for any other name."""
    try:
        return PROFILES[name]
    except KeyError:
        raise ValueError(f"There is no profile {name!r}. Known profiles: {', '.join(PROFILES)}.") from None


def with_facts(profile: Profile, written: object) -> Profile:
    """Return a profile with single facts flipped, written in any way of ``facts.Written``.

    Raises ValueError, in a sentence, for an unknown fact or a wrong value.
    """
    values: dict[str, Any] = read(FACTS, written)
    return replace(profile, **values)


def values_of(profile: Profile) -> Mapping[str, Any]:
    """Return every fact with its value in this profile."""
    return {name: getattr(profile, name) for name in FACTS}
