"""The facts on which the generations of Enrow's documentation disagree, one field each.

``CURRENT`` is the newest documentation (2026). ``LEGACY`` is what older texts and payloads show. Flip one fact with
``dataclasses.replace(CURRENT, phone_price=Decimal(50))``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from enrow_webhooks.sandbox.endpoints import Endpoint, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One consistent reading of the contract. Prices are credits per row."""

    name: str
    find_price: Decimal = Decimal(1)
    verify_price: Decimal = Decimal("0.25")
    phone_price: Decimal = Decimal(40)
    email_limit: int = 5000
    """Most rows of one e-mail batch, found or verified."""
    phone_limit: int = 3000
    out_of_credits_status: int = 402
    """402 has a shape per endpoint kind; 422 says ``Insufficient balance`` everywhere."""
    unknown_id_is_404: bool = False
    running_find_bulk_status: int = 200
    verify_json_text: str = "invalid JSON input"
    info_fullname: bool = True
    """Whether ``info`` of a single find and of its webhook carries ``fullname``."""
    item_fullname: bool = False
    """Whether ``info`` of a bulk find item carries ``fullname``."""
    item_company_info: bool = True
    phone_hits_key: str = "found"
    phone_ongoing_params: bool = False
    """Whether the 202 of a running phone search repeats ``params`` and ``custom``."""
    phone_nested: bool = False
    """Whether the phone webhook wraps its result twice, with a second id inside."""
    webhook_balance: bool = False
    webhook_final_cost: bool = True
    """Whether webhooks tell the cost after refunds. Inference: no source says which."""
    phone_cost_after_refund: bool = False
    """Whether ``stats.credits_cost`` of a phone batch is after ``credits_to_refund``.

    Inference: the name reads as still to be subtracted.
    """
    failed_batch_notifies: bool = True
    """Whether a batch that ends ``failed`` sends its event. Inference."""
    invalid_carries_email: bool = False
    """Whether an ``invalid`` answer of the finder still carries an address, as one review of an integration met."""
    verify_bulk_breakdown: bool = False
    account_breakdown: bool = False
    unknown_route_status: int = 403
    """403 is the answer of an API gateway; set 404 for a plain server."""

    def price(self, kind: Kind) -> Decimal:
        """Credits that one row of this kind costs."""
        return {
            Kind.FIND_EMAIL: self.find_price,
            Kind.VERIFY_EMAIL: self.verify_price,
            Kind.FIND_PHONE: self.phone_price,
        }[kind]

    def limit(self, endpoint: Endpoint) -> int:
        """Most rows of one batch."""
        return self.phone_limit if endpoint.kind is Kind.FIND_PHONE else self.email_limit


CURRENT = Profile(name="current")

LEGACY = Profile(
    name="legacy",
    phone_price=Decimal(50),
    phone_limit=5000,
    out_of_credits_status=422,
    unknown_id_is_404=True,
    running_find_bulk_status=202,
    verify_json_text="Invalid JSON input",
    info_fullname=False,
    item_fullname=True,
    item_company_info=False,
    phone_hits_key="valid",
    phone_ongoing_params=True,
    phone_nested=True,
    webhook_balance=True,
)

PROFILES = {profile.name: profile for profile in (CURRENT, LEGACY)}


def profile_named(name: str) -> Profile:
    """Return a profile by its name. Raises ValueError, in a sentence, for any other name."""
    try:
        return PROFILES[name]
    except KeyError:
        raise ValueError(f"There is no profile {name!r}. Known profiles: {', '.join(PROFILES)}.") from None


def with_facts(profile: Profile, facts: Mapping[str, object]) -> Profile:
    """Return a profile with single facts flipped.

    Raises ValueError, in a sentence, for an unknown fact or one of the wrong type.
    """
    values: dict[str, Any] = {}
    known = {entry.name: getattr(profile, entry.name) for entry in fields(profile)}
    for name, value in facts.items():
        if name not in known:
            raise ValueError(f"There is no fact {name!r} of a profile. Known facts: {', '.join(known)}.")
        values[name] = credits_from(name, value) if isinstance(known[name], Decimal) else value
        if type(values[name]) is not type(known[name]):
            raise ValueError(f"The fact {name} must be like {known[name]!r}, not {value!r}.")
    return replace(profile, **values)


def credits_from(name: str, value: object) -> Decimal:
    """Return an amount of credits. Raises ValueError, in a sentence, for what is none."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal(-1)
    if amount.is_finite() and amount >= 0:
        return amount
    raise ValueError(f"{name} must be a number of credits, not {value!r}.")
