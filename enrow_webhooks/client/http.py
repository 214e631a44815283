"""The HTTP client of Enrow's API: three kinds, single and bulk, and the account. Plain Python.

A POST is sent exactly once: Enrow bills at launch and knows no idempotency key. A GET is free, so it is retried.
Neither follows a redirect, which would carry the key to another host. ``transport`` bounds the answer.
"""

from __future__ import annotations

import contextlib
import json
import re
import ssl
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple
from types import TracebackType
from typing import NoReturn, Self

import requests
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, ProxyError

from enrow_webhooks.client import answers, errors
from enrow_webhooks.client.scrub import scrub
from enrow_webhooks.client.transport import Reply, exchange, is_protected, new_session
from enrow_webhooks.client.values import Account, Answer, FindEmail, FindPhone, Kind, Launch, Query, VerifyEmail

DEFAULT_BASE_URL = "https://api.enrow.io"
# (to connect, between two bytes), seconds. A bulk POST of 5,000 rows is the slowest thing that Enrow answers.
DEFAULT_TIMEOUT = (5.0, 60.0)
# For one call with all its tries, seconds; less than a worker may take over a job or an event.
DEFAULT_DEADLINE = 120.0

_PATHS = {Kind.FIND_EMAIL: "/email/find", Kind.VERIFY_EMAIL: "/email/verify", Kind.FIND_PHONE: "/phone"}
_ROW_NAMED = re.compile(r"n°\s*(\d+)", re.IGNORECASE)
# With these a request is refused for what it holds; all other codes are about the request itself. 413: for its size.
_FOR_ITS_ROWS = {400, 413, 422}
# What every row of a batch shares. No source has such texts; a batch is not taken apart for what its parts have too.
_OF_ALL_ROWS = re.compile(r"webhook|settings|country|json", re.IGNORECASE)
# Faults that can only happen before the request leaves; urllib3 says ProxyError only while it connects to the proxy.
_NEVER_SENT = (NewConnectionError, ConnectTimeoutError, NameResolutionError, ProxyError)
# What requests raises before it opens a connection.
_NOT_AN_ADDRESS = (
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
)


class EnrowClient:
    """Speaks to one Enrow account. Use as a context manager, or ``close()`` it."""

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = DEFAULT_BASE_URL,
        session: requests.Session | None = None,
        timeout: tuple[float, float] = DEFAULT_TIMEOUT,
        deadline: float = DEFAULT_DEADLINE,
        sandbox_host: str = "",
    ) -> None:
        """Plain http is spoken within this machine, and with ``sandbox_host``."""
        self._api_key = api_key
        self._base_url = base_url.rstrip("/")
        self._session = session or new_session()
        self._timeout = timeout
        self._deadline = deadline
        self._sandbox_host = sandbox_host

    def __repr__(self) -> str:
        return f"<EnrowClient {self._base_url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the session's connections."""
        self._session.close()

    def launch(self, kind: Kind, queries: Sequence[Query], *, webhook: str = "", country_code: str = "") -> Launch:
        """POST a search: one query goes to the single endpoint, more go to bulk.

        Raises every error of ``errors`` but UnknownSearch. After AnswerLost the search may exist and be billed.
        """
        path, body = _request(kind, queries)
        settings = {"webhook": webhook, "country_code": country_code}
        if any(settings.values()):
            body["settings"] = {key: value for key, value in settings.items() if value}
        response = self._post(path, body)
        answer = answers.mapping(_json(response))
        search_id = answers.text(answer.get("id"), 128)
        if not _is_success(response):
            _raise_refusal(response, answer, sent={value for query in queries for value in astuple(query)})
        if not search_id:
            raise errors.AnswerLost("Enrow accepted a search, but its answer has no id.", status=response.status_code)
        minutes = answers.decimal(answer.get("estimated_duration"))
        return Launch(
            id=search_id,
            credits_used=answers.decimal(answer.get("credits_used")),
            estimated_minutes=None if minutes is None else float(minutes),
        )

    def fetch(self, kind: Kind, search_id: str, *, bulk: bool) -> Answer:
        """GET the result of a search; free of charge.

        Raises UnknownSearch, TryAgain, SettingsMustChange or Refused. On a single search UnknownSearch with status 500
        may as well be an outage: repeat it a bounded number of times.
        """
        path = f"{_PATHS[kind]}/{'bulk' if bulk else 'single'}"
        response = self._get(path, {"id": search_id})
        body = answers.mapping(_json(response))
        if not _is_success(response):
            _raise_unknown_search(response, body)
        try:
            return answers.bulk_answer(kind, body) if bulk else answers.single_answer(kind, body)
        except ValueError as error:
            raise errors.Unavailable(f"Enrow's answer cannot be read: {error}", status=response.status_code) from None

    def account(self) -> Account:
        """GET the balance and the webhooks set in Enrow's dashboard. Raises SettingsMustChange, TryAgain or Refused."""
        response = self._get("/account/info", {})
        body = answers.mapping(_json(response))
        if not _is_success(response):
            _raise_unread(response, body)
        balance = answers.decimal(body.get("credits"))
        if balance is None:
            raise errors.Unavailable("Enrow's account answer has no credits.", status=response.status_code)
        hooks = body.get("webhooks")
        known = map(answers.text, hooks) if isinstance(hooks, list) else ()
        return Account(credits=balance, webhooks=tuple(hook for hook in known if hook))

    def _post(self, path: str, body: Mapping[str, object]) -> Reply:
        # On a kept connection that the server closes at this very moment the answer would be lost, and a POST that
        # may have been billed is not repeated: each goes out on a connection of its own.
        self._session.close()
        try:
            return self._send("POST", path, json=body)
        except requests.RequestException as error:
            if _was_never_sent(error):
                raise errors.Unavailable("Enrow could not be reached; nothing was sent.") from error
            raise errors.AnswerLost("The connection broke after the search was sent.") from error

    def _get(self, path: str, params: Mapping[str, str]) -> Reply:
        try:
            return self._send("GET", path, params=params)
        except requests.RequestException as error:
            raise errors.Unavailable("Enrow could not be reached.") from error

    def _send(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, object] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        if not (self._api_key.isascii() and self._api_key.isprintable()):
            # Said here, because the complaint of requests would quote the key.
            raise errors.InvalidKey("The API key has characters that no HTTP header can carry; copy it again.")
        url = self._base_url + path
        if not is_protected(url, sandbox_host=self._sandbox_host):
            raise errors.SettingsMustChange(
                'ENROW["BASE_URL"] is not an https address that can be called; plain http is for a sandbox on this '
                'machine, or on ENROW["SANDBOX_HOST"].'
            )
        try:
            return exchange(
                self._session,
                method,
                url,
                headers={"x-api-key": self._api_key, "accept": "application/json"},
                timeout=self._timeout,
                deadline=self._deadline,
                json=json,
                params=params,
            )
        except _NOT_AN_ADDRESS as error:
            raise errors.SettingsMustChange('ENROW["BASE_URL"] is not an address that can be called.') from error


def _was_never_sent(error: requests.RequestException) -> bool:
    """Tell whether no connection was made, so that Enrow cannot have seen the request.

    Of the faults of TLS only a refused certificate is sure to come before the request: all others can hit the answer.
    """
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    fault_of_tls = next(iter(getattr(reason, "args", ())), None)
    return isinstance(reason, _NEVER_SENT) or isinstance(fault_of_tls, ssl.SSLCertVerificationError)


def _request(kind: Kind, queries: Sequence[Query]) -> tuple[str, dict[str, object]]:
    path = _PATHS[kind]
    if len(queries) == 1:
        return f"{path}/single", _item(queries[0], single=True)
    if kind is Kind.VERIFY_EMAIL:
        return f"{path}/bulk", {"verifications": [query.email for query in queries if isinstance(query, VerifyEmail)]}
    return f"{path}/bulk", {"searches": [_item(query, single=False) for query in queries]}


def _item(query: Query, *, single: bool) -> dict[str, object]:
    match query:
        case FindEmail(fullname=fullname, company_domain=domain, company_name=name, crm_id=crm_id):
            fields = {"fullname": fullname, "company_domain": domain, "company_name": name}
        case VerifyEmail(email=email, crm_id=crm_id):
            fields = {"email": email}
        case FindPhone(linkedin_url=url, crm_id=crm_id) if url:
            fields = {"linkedin_url": url}
        case FindPhone(firstname=first, lastname=last, company_domain=domain, company_name=name, crm_id=crm_id):
            fields = {"firstname": first, "lastname": last, "company_domain": domain, "company_name": name}
    item: dict[str, object] = {key: value for key, value in fields.items() if value}
    if crm_id:
        # The single e-mail endpoints document an object; phone and the items of a bulk document text.
        item["custom"] = {"crm_id": crm_id} if single and not isinstance(query, FindPhone) else crm_id
    return item


def _json(response: Reply) -> object:
    """Return the body if it is JSON; a gateway answers HTML or nothing."""
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(response.content, parse_float=str)
    return None


def _is_success(response: Reply) -> bool:
    """Tell whether Enrow says yes; a redirect is no yes."""
    return 200 <= response.status_code < 300


def _words(response: Reply, body: Mapping[str, object]) -> str:
    said = answers.text(body.get("message")) or answers.text(body.get("reason"))
    # Enrow may quote what was sent, and its words end in logs.
    return scrub(said).rstrip(".") or f"HTTP {response.status_code}"


def _raise_refusal(response: Reply, body: Mapping[str, object], *, sent: Collection[str] = ()) -> NoReturn:
    status, words = response.status_code, _words(response, body)
    # What it means is read from all of its words: a company may be called like one of them.
    low, said = words.lower(), scrub(words, sent)
    if status in {401, 403, 404}:
        _raise_settings(status, said)
    if status == 402 or (status == 422 and ("balance" in low or "credit" in low)):
        raise errors.OutOfCredits(f"Enrow answered {status}: {said}; buy credits.", status=status, text=said)
    if status == 429:
        raise errors.RateLimited("Enrow answered 429: too many requests.", status=status, text=said)
    if status in {500, 503}:
        raise errors.Unavailable(f"Enrow answered {status}: {said}.", status=status, text=said)
    if status >= 500 or status < 400:
        raise errors.AnswerLost(
            f"A gateway answered {status}; the search may have been accepted.", status=status, text=said
        )
    named = _ROW_NAMED.search(words)
    row = int(named[1]) if named else None
    is_for_rows = status in _FOR_ITS_ROWS and not _OF_ALL_ROWS.search(words)
    refusal = errors.RowRefused if row or is_for_rows else errors.Refused
    raise refusal(f"Enrow answered {status}: {said}.", status=status, text=said, row=row)


def _raise_settings(status: int, said: str) -> NoReturn:
    if status == 403:
        # Enrow may say it of the account, and a gateway says it of the address: its words come first.
        raise errors.SettingsMustChange(
            f'Enrow answered 403: {said}. Check your account at Enrow and ENROW["API_KEY"]; if both are good, '
            'fix ENROW["BASE_URL"].',
            status=status,
            text=said,
        )
    if status == 404:
        # Enrow never answers 404 to what we call: a gateway says it of the address, whatever lead was sent.
        raise errors.SettingsMustChange(
            f'A gateway answered 404: {said}; fix ENROW["BASE_URL"].', status=status, text=said
        )
    if "not allowed" in said.lower():
        raise errors.FeatureNotAllowed(f"Enrow answered 401: {said}; change the plan.", status=status, text=said)
    raise errors.InvalidKey(f'Enrow answered 401: {said}; fix ENROW["API_KEY"].', status=status, text=said)


def _raise_unknown_search(response: Reply, body: Mapping[str, object]) -> NoReturn:
    status, said = response.status_code, _words(response, body)
    low = said.lower()
    # The words are asked for, because a gateway that is set wrong answers 404 as well.
    if (status == 404 and "not found" in low) or (status in {400, 500} and "could not retrieve" in low):
        raise errors.UnknownSearch(f"Enrow answered {status}: {said}.", status=status, text=said)
    _raise_unread(response, body)


def _raise_unread(response: Reply, body: Mapping[str, object]) -> NoReturn:
    """Raise what a GET failed with: nothing can be lost by it, so what a gateway says is an outage."""
    status, said = response.status_code, _words(response, body)
    if status >= 500 or status < 400:
        raise errors.Unavailable(f"Enrow answered {status}: {said}.", status=status, text=said)
    _raise_refusal(response, body)
