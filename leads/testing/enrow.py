"""Enrow as a test sees it: what it knows, how it is today, and what was bought."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.urls import reverse

from enrow_webhooks.client.errors import BadInput
from enrow_webhooks.client.names import person
from enrow_webhooks.conf import enrow_settings
from enrow_webhooks.sandbox import api
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.endpoints import ENDPOINTS, Endpoint, Product
from enrow_webhooks.sandbox.known import Known, Person, key_of_name, key_of_profile
from enrow_webhooks.sandbox.validation import rows_of
from leads.numbers import e164
from leads.testing.working import work

# Longer than any test: no search ends by itself.
_FOR_EVER = 1e9
_NO_INPUT = frozenset({"custom", "settings"})
# With chaos the first try may fail where a later one does not.
_LOOKS_IN_CHAOS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """One person for whom Enrow took a search; also when it found nothing, which is refunded."""

    # "find_email", "verify_email" or "find_phone".
    kind: str
    # Blank in a batch of verifications, which takes none.
    crm_id: str
    # What was sent, by Enrow's own words: fullname, company_domain, …
    inputs: Mapping[str, str] = field(repr=False)


class Enrow:
    """A fake Enrow for one test. It knows nobody but whom the test names, and the special words of the sandbox."""

    def __init__(self, sandbox: Sandbox, deliver: Callable[[Enrow], int], *, url: str = "") -> None:
        # The sandbox itself: docs/sandbox.md says what it can do beyond this.
        self.sandbox = sandbox
        # Where it answers; blank where it answers within the process.
        self.url = url
        self.is_slow_now = False
        self._deliver = deliver
        self._usual = {"chaos": sandbox.settings.chaos, "delay": sandbox.settings.delay}
        self._elsewhere: set[str] = set()
        sandbox.known = Known(nobody_else=True)

    def knows(
        self,
        fullname: str = "",
        company: str = "",
        *,
        linkedin_url: str = "",
        email: str | None = None,
        phone: str | None = None,
    ) -> None:
        """Let Enrow know a person: what it finds by name and company (its domain or its name), or by LinkedIn profile.

        ``email=""`` and ``phone=""`` mean that there is none. The address also verifies as valid. Of a lead with a
        LinkedIn profile Enrow looks for the phone by the profile alone. Raises ValueError without anybody to know, and
        for a phone that nobody can dial.
        """
        told = Person(email=email, phone=_phone(phone))
        self.sandbox.known = self.sandbox.known.with_person(_keys(fullname, company, linkedin_url), told)

    def verifies(self, email: str, *, valid: bool) -> None:
        """Let an address verify as valid or invalid; an address that nobody told of is invalid."""
        self.sandbox.known = self.sandbox.known.with_verdict(email, valid=valid)

    def fails(self, fullname: str = "", company: str = "", *, linkedin_url: str = "", email: str = "") -> None:
        """Let Enrow refuse the search for a person, or the verification of an address; others of a batch are served."""
        known = self.sandbox.known
        if email:
            known = known.with_failure(email)
        if fullname or linkedin_url or not email:
            known = known.with_person(_keys(fullname, company, linkedin_url), Person(fails=True))
        self.sandbox.known = known

    def is_down(self) -> None:
        """Answer everything with an error 500 or 503, until is_well(). Nothing is lost: searches stay queued."""
        self._be(chaos="unavailable,get-unavailable")

    def is_slow(self) -> None:
        """Take searches, and end none of them until is_well(): they stay running."""
        self._be(delay=_FOR_EVER)
        self.is_slow_now = True

    def loses_answers(self) -> None:
        """Take and bill searches, but lose the answer and the event, until is_well(): they are unconfirmed."""
        self._be(chaos="lost-answer,drop")

    def is_well(self) -> None:
        """Be as at the beginning of the test."""
        self._be()

    def _be(self, **otherwise: Any) -> None:  # noqa: ANN401 - settings of the sandbox, which reads them itself
        self.is_slow_now = False
        self.sandbox.configure(**(self._usual | otherwise))  # type: ignore[arg-type]  # the same

    @property
    def balance(self) -> Decimal:
        """The credits that are left."""
        return self.sandbox.ledger.balance

    @balance.setter
    def balance(self, credits_left: Decimal | float) -> None:
        self.sandbox.configure(credits=credits_left)

    @property
    def spent(self) -> Decimal:
        """The credits that the project spent: the worst case of what runs, less what came back for misses."""
        entries = self.sandbox.ledger.entries
        return sum((entry.cost for entry in entries if entry.job_id not in self._elsewhere), Decimal(0))

    @property
    def bought(self) -> list[Purchase]:
        """Everybody for whom the project bought a search, in that order. A batch that ended failed buys nobody."""
        return [
            _purchase(job.endpoint, row)
            for job in self.sandbox.jobs
            if job.id not in self._elsewhere and not job.doomed
            for row in rows_of(job.endpoint, job.payload)
        ]

    def run_all(self) -> None:
        """Do what workers and Enrow do, until nothing moves.

        Run what waits for the commit (``transaction.on_commit``), send searches, end them, deliver their events to the
        project's own view, write the results. What waits for its time is looked at, as if that had come. Raises
        AssertionError where the project does not take an event, and TransactionManagementError inside a transaction.
        """
        work(self.deliver, looks=_LOOKS_IN_CHAOS if self.sandbox.settings.chaos else 1)

    def deliver(self) -> int:
        """Let the searches that Enrow has end, and deliver their events; return how many deliveries there were."""
        return self._deliver(self)

    def event(self, name: str, *, crm_id: str = "", **payload: Any) -> str:  # noqa: ANN401 - as JSON has it
        """Deliver the event of a search that somebody launched elsewhere, and return its id; run_all() applies it.

        It comes by the URL of Enrow's dashboard. The keywords are what was searched, in Enrow's words: ``fullname``,
        ``company_domain``; of a batch ``searches`` or ``verifications``. Such a search is none of ``bought`` and
        ``spent``. Raises ValueError for an event that does not exist, and for what Enrow refuses.
        """
        endpoint = _endpoint_of(name)
        if crm_id:
            payload["custom"] = crm_id if endpoint.kind is Product.FIND_PHONE else {"crm_id": crm_id}
        payload["settings"] = {"webhook": _dashboard_url()}
        request = api.Request(
            method="POST", path=endpoint.path, key="elsewhere", job_id="", raw=json.dumps(payload).encode()
        )
        before = len(self.sandbox.jobs)
        answer = api.answer(self.sandbox, request)
        jobs = self.sandbox.jobs
        if len(jobs) == before:
            raise ValueError(f"Enrow refuses this search: {answer.reply.body.decode()}")
        self._elsewhere.add(jobs[-1].id)
        self.sandbox.answered(answer.waiting)
        self.deliver()
        return jobs[-1].id


def _keys(fullname: str, company: str, linkedin_url: str) -> tuple[str, ...]:
    keys = []
    if fullname and company:
        # As the project sends it, without titles and credentials.
        first, last = person("", "", fullname)
        keys.append(key_of_name(f"{first} {last}", company, company))
    if linkedin_url:
        keys.append(key_of_profile(linkedin_url))
    if not keys:
        raise ValueError("Say who: a full name with a company (its domain or its name), or linkedin_url=….")
    return tuple(keys)


def _phone(phone: str | None) -> tuple[str, str] | tuple[()] | None:
    if not phone:
        return None if phone is None else ()
    try:
        return e164(phone, "")
    except BadInput as error:
        raise ValueError(f"Write the phone in international form, like +33 1 99 00 12 34: {error}") from None


def _purchase(endpoint: Endpoint, row: Any) -> Purchase:  # noqa: ANN401 - as JSON has it
    fields: Mapping[str, Any] = row if isinstance(row, dict) else {"email": row}
    custom = fields.get("custom", "")
    return Purchase(
        kind=str(endpoint.kind),
        crm_id=str(custom.get("crm_id", "") if isinstance(custom, dict) else custom),
        inputs={key: value for key, value in fields.items() if key not in _NO_INPUT},
    )


def _endpoint_of(event: str) -> Endpoint:
    by_event = {endpoint.event: endpoint for endpoint in ENDPOINTS.values()}
    if event not in by_event:
        raise ValueError(f"Enrow has no event {event!r}. It has: {', '.join(by_event)}.")
    return by_event[event]


def _dashboard_url() -> str:
    origin, secrets = enrow_settings.webhook_origin, enrow_settings.webhook_secrets
    if not (origin and secrets):
        raise ValueError('No event can come: ENROW["WEBHOOK_ORIGIN"] or ENROW["WEBHOOK_SECRETS"] is blank.')
    return origin + reverse("enrow_webhooks:webhook", args=[secrets[0]])
