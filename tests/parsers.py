"""Everything that reads text from outside, listed by hand: a function, and a call that lets it read a text.

The regular expressions are found by themselves, see tests/expressions.py. Caches are gone around: the second look at
the same text must cost as much as the first.
"""

from __future__ import annotations

import io
import json
import logging
import uuid
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from inspect import unwrap
from types import SimpleNamespace
from typing import NamedTuple, TypeVar

import requests
from django.db.models import Field
from django.forms import Form
from django.test import RequestFactory
from urllib3 import HTTPResponse

from enrow_webhooks.client import answers, blanks, events, hosts, inputs, names, scrub
from enrow_webhooks.client import text as spelling
from enrow_webhooks.client.errors import Refused, UnreadableEvent
from enrow_webhooks.client.http import EnrowClient
from enrow_webhooks.client.values import FindEmail, FindPhone, Kind, Result, Verdict
from enrow_webhooks.inbox import addresses
from enrow_webhooks.logs import RedactWebhookTokens
from enrow_webhooks.management import base as management
from enrow_webhooks.sandbox import api, chaos, control, people, validation
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.delivery import may_send
from enrow_webhooks.sandbox.endpoints import ENDPOINTS, Endpoint
from enrow_webhooks.sandbox.profiles import CURRENT
from enrow_webhooks.views import read_body
from leads import coercion, filters, numbers
from leads.admin import people as leads_typed
from leads.admin.aside import LeadForm
from leads.admin.confirmation import ConfirmForm
from leads.admin.spending import SpendForm
from leads.csvfiles import columns, finding, forms, guards, header, identity, importing, quotes, tables, xlsx
from leads.csvfiles.fields import fields
from leads.eligibility import Candidate, judge
from leads.mapping import registry
from leads.models import Lead
from leads.results import matching, resemblance

T = TypeVar("T")

# Modules whose public functions all read text: whatever is added to them has to be added here.
OF_TEXT = (
    addresses,
    events,
    inputs,
    spelling,
    names,
    blanks,
    hosts,
    answers,
    scrub,
    guards,
    numbers,
    coercion,
    people,
    validation,
)
BULK = ENDPOINTS["/email/find/bulk"]
# What a condition can say; the text stands in each place once.
CONDITIONS = ("{}", "{}=x", "email__{}=x", "email={}", "email__regex={}", "created_at__in={}", "id={}")
SILENT = SimpleNamespace(error=lambda template, *args: template % args)


class Parser(NamedTuple):
    """A function, and the call that lets it read a text."""

    function: Callable[..., object]
    read: Callable[[str], object]

    def __str__(self) -> str:
        return f"{self.function.__module__}.{self.function.__qualname__}"


def each(function: Callable[..., object], values: Iterable[T], read: Callable[[T, str], object]) -> Iterator[Parser]:
    """Return a parser for each of the values."""
    return (Parser(function, partial(read, value)) for value in values)


def raw(text: str) -> bytes:
    """Return the text as a stranger can send it: a lone surrogate is a byte that is not UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def body_of(text: str) -> dict[str, object]:
    """Return a body of Enrow's with the text in the fields that are read in ways of their own."""
    echo = {"raw_params": {"fullname": text}, "params": {"linkedin_url": text}}
    return {"qualification": "valid", "email": text, "number": text, "custom": {"crm_id": text}, **echo}


def bulk_of(text: str) -> dict[str, object]:
    """Return the body of a bulk GET with one such result."""
    stats = {"finished": text, "credits_cost": {"final": text}}
    return {"general": {"status": "completed"}, "stats": stats, "results": [body_of(text)]}


def filtered(text: str, **extra: object) -> logging.LogRecord:
    """Return a line about the text that went through the log filter."""
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Not Found: %s", (text,), None)
    record.__dict__ |= extra
    RedactWebhookTokens().filter(record)
    return record


class Answering(requests.Session):
    """A session on which Enrow, or a stranger in its place, answers with this body."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__()
        self.status, self.body = status, body

    def request(self, *args: object, **kwargs: object) -> requests.Response:
        response = requests.Response()
        response.status_code = self.status
        response.raw = HTTPResponse(io.BytesIO(self.body), status=self.status, preload_content=False)
        return response


def answered(status: int, body: object) -> EnrowClient:
    """Return a client whose next question is answered so: by JSON, or by a text as it is."""
    content = raw(body if isinstance(body, str) else json.dumps(body, ensure_ascii=False))
    return EnrowClient("key", session=Answering(status, content))


def launched(status: int, body: object) -> object:
    return answered(status, body).launch(Kind.FIND_EMAIL, [FindEmail(fullname="Ann", company_name="Acme")])


def payload_of(endpoint: Endpoint, text: str) -> dict[str, object]:
    """Return what the sandbox is asked to search, with the text in every field."""
    names = ("fullname", "firstname", "lastname", "company_domain", "company_name", "custom")
    row: dict[str, object] = dict.fromkeys(names, text)
    if endpoint.bulk:
        return {endpoint.rows_key: [text if endpoint.kind == "verify_email" else row]}
    return row | {"email": f"{text}@acme.com"}


def asked_in_sandbox(path: str, text: str) -> None:
    """Let the sandbox launch a search and read its result."""
    with Sandbox(rate=None) as sandbox:
        ask = partial(api.Request, path=path, key="key")
        body = json.dumps(payload_of(ENDPOINTS[path], text)).encode()
        reply = api.answer(sandbox, ask(method="POST", job_id="", raw=body)).reply
        api.answer(sandbox, ask(method="GET", job_id=json.loads(reply.body).get("id", text)))


def configured(body: bytes) -> None:
    with Sandbox() as sandbox:
        control.answer(sandbox, "POST", "/_sandbox/settings", body)


def notice_of(event: str, text: str) -> dict[str, object]:
    """Return a notice with the text wherever it may stand."""
    return {"event": event, "id": text, "credits": {"cost": text}, "result": {"id": text, "result": body_of(text)}}


def said(text: str) -> dict[str, object]:
    """Return an answer whose words are the text."""
    return {"message": text, "id": text, "credits_used": text, "estimated_duration": text}


def found(text: str) -> Result:
    echo = FindEmail(fullname=text, company_domain=text)
    return Result(verdict=Verdict.FOUND, value=text, country="FR", crm_id=text, echo=echo)


def compared(query: type[FindEmail] | type[FindPhone], text: str) -> str:
    """Compare a lead with an echo that differs from it in the last letter of everything."""
    names = {"linkedin_url"} if query is FindPhone else {"fullname", "company_domain"}
    lead = Candidate(
        *[f"https://linkedin.com/in/{text}" if name == "linkedin_url" else text for name in Candidate._fields]
    )
    return resemblance.difference(Kind.FIND_PHONE, lead, query(**{name: f"{getattr(lead, name)}x" for name in names}))


def sent(text: str) -> matching.Sent:
    return matching.Sent(1, text, uuid.UUID(FindEmail(fullname=text, company_domain=text).fingerprint), text)


def column(field: Field, text: str) -> object:
    one = columns.Column(place=0, field=field)
    return one.settled(one.read([text, f"'{text}"]), {"country_code": ["FR", None]})


def somebody_else(way: finding.Way, text: str) -> object:
    """Compare a row with a lead that differs from it in the last letter of everything; each text is read many times."""
    text = text[: len(text) // 4]
    row, lead = Candidate(*[text] * 12), Candidate(*[f"{text}x"] * 12)
    return finding.is_another(way, row, lead), way.keys(row), way.asks(row) if way.keys(row) else None


def chosen(text: str) -> object:
    """Say that a column is the text, and that a column called so is a field."""
    try:
        return header.columns_of(["email", text], chosen=[f"{text}=email", f"email={text}"])
    except columns.HeaderError as error:
        return error


def imported(file: bytes) -> object:
    return importing.import_leads(io.BytesIO(file.replace(b"\n", b" ").replace(b"|", b"\n")))


def quarter(read: Callable[[str], object], text: str) -> object:
    """Let a parser that does much for each character read a quarter of the text."""
    return read(text[: len(text) // 4])


def table(text: str) -> list[object]:
    """Read a text as the rows below a header."""
    return list(tables.open_table(io.BytesIO(b"crm_id,email\n" + raw(text)), titles=header.known_titles()))


def lines_of(sign: str, text: str) -> list[object]:
    """Read a fortieth of the text as the rows below a header, with a sign in place of its first character."""
    part = text[: len(text) // 40]
    return table(part.replace(part[:1], sign))


def failure(text: str) -> KeyError:
    """Return an error that quotes the text, with a way to the place where it was raised."""
    try:
        {}.pop(text)
    except KeyError as error:
        return error
    raise AssertionError(text)


# They take the text as it is.
PLAIN: list[Callable[[str], object]] = [
    *(addresses.redact, addresses.recognise, addresses.sign, addresses.callback_url, scrub.scrub),
    *(inputs.clean_text, inputs.clean_domain, inputs.clean_email, inputs.profile_url),
    *(spelling.spelled, spelling.is_letters, spelling.composed, spelling.folded),
    *(blanks.filled, blanks.name_filled, hosts.is_free_mail, hosts.page_host),
    *(answers.mapping, answers.text, answers.decimal, answers.crm_id_of),
    *(people.share, people.fold, people.split_name, people.gender, people.is_address, people.verify, people.slug_of),
    *(people.unaccented, people.word_of_name, people.word_of_slug, people.word_of_address),
    *(
        guards.guarded,
        guards.unguarded,
        guards.cell_of,
        guards.may_be_guarded,
        finding.domain_of.__wrapped__,
        forms.country,
        forms.domain,
    ),
    *(numbers.is_number, numbers.is_rounded, numbers.is_rounded_id),
    *(quotes.unwrapped, xlsx.text_of),
    *(leads_typed.term_of, leads_typed.is_part),
    *(
        management.whole_number,
        management.identifier,
        management.amount,
        management.seconds,
        management.pause,
        chaos.parse,
    ),
]
# Log lines, errors and requests.
OF_LOGS = [
    Parser(RedactWebhookTokens.filter, filtered),
    Parser(RedactWebhookTokens.filter, lambda text: filtered("x", request=SimpleNamespace(path=text))),
    Parser(RedactWebhookTokens.filter, lambda text: filtered("x", exc_info=(KeyError, failure(text), None))),
    Parser(scrub.describe, lambda text: scrub.describe(UnreadableEvent(text))),
    Parser(scrub.describe, lambda text: scrub.describe(failure(text))),
    Parser(scrub.constraint, lambda text: scrub.constraint(failure(text))),
    Parser(scrub.refusal, lambda text: scrub.refusal(failure(text))),
    Parser(scrub.stack, lambda text: scrub.stack(failure(text))),
    Parser(scrub.log_failure, lambda text: scrub.log_failure(SILENT, Refused(text), "It failed: %s", text)),
    Parser(read_body, lambda text: read_body(RequestFactory().generic("POST", "/", CONTENT_LENGTH=text), 9)),
]
# Notices and answers.
OF_ENROW = [
    Parser(answers.verdict_of, lambda text: answers.verdict_of({"qualification": text})),
    *each(answers.result, Kind, lambda kind, text: answers.result(kind, body_of(text))),
    Parser(answers.single_answer, lambda text: answers.single_answer(Kind.FIND_PHONE, body_of(text))),
    Parser(answers.bulk_answer, lambda text: answers.bulk_answer(Kind.FIND_EMAIL, bulk_of(text))),
    Parser(events.decode, lambda text: events.decode(raw(text))),
    Parser(events.decode, lambda text: events.decode(json.dumps({text: [text]}).encode())),
    Parser(events.envelope, lambda text: events.envelope({"event": text, "id": text})),
    Parser(events.understand, lambda text: events.understand(notice_of("single_search_finished", text))),
    Parser(events.understand, lambda text: events.understand(notice_of("single_phone_search_finished", text))),
    *each(EnrowClient.launch, (201, 400, 401, 422), lambda status, text: launched(status, said(text))),
    *each(EnrowClient.launch, (201, 502), launched),
    Parser(EnrowClient.fetch, lambda text: answered(200, bulk_of(text)).fetch(Kind.FIND_EMAIL, text, bulk=True)),
    Parser(EnrowClient.fetch, lambda text: answered(404, said(text)).fetch(Kind.FIND_EMAIL, "id", bulk=False)),
    Parser(EnrowClient.account, lambda text: answered(200, {"credits": text, "webhooks": [text]}).account()),
]
# What people type, and files.
OF_LEADS = [
    Parser(names.person, lambda text: names.person("", "", text)),
    Parser(names.person, lambda text: names.person(text, text, "")),
    Parser(blanks.some_blank, lambda text: blanks.some_blank([text])),
    *each(judge, Kind, lambda kind, text: judge(kind, Candidate(*[text] * 12), overwrite=True)),
    *each(resemblance.difference, (FindEmail, FindPhone), compared),
    Parser(matching.settle_one, lambda text: matching.settle_one(Kind.FIND_PHONE, 1, found(text))),
    *each(matching.match, Kind, lambda kind, text: matching.match(kind, [sent(text)], [found(text)])),
    *each(
        filters.matching,
        CONDITIONS,
        lambda condition, text: filters.matching(registry.of(Lead), [condition.format(text)]),
    ),
    Parser(header.columns_of, lambda text: header.columns_of(["email", text, f"email{text}"])),
    Parser(header.columns_of, chosen),
    *each(leads_typed.having, (True, False), lambda anywhere, text: leads_typed.having(text, anywhere=anywhere)),
    Parser(guards.are_harmless, lambda text: guards.are_harmless([text])),
    *each(numbers.e164, ("", "FR"), lambda country, text: numbers.e164(text, country)),
    *each(numbers.dialled, ("", "FR"), lambda country, text: numbers.dialled(text, country)),
    Parser(
        identity.named,
        lambda text: identity.named({name: [None if name == "crm_id" else text] for name in Candidate._fields}),
    ),
    *each(columns.Column.read, fields().values(), lambda own, text: column(own.field, text)),
    *each(finding.is_another, (finding.BY_ID, *finding.WAYS), somebody_else),
    *each(coercion.typed, Lead._meta.concrete_fields, coercion.typed),
    # As a header, and as a cell; a bar is the end of a line.
    Parser(importing.import_leads, lambda text: imported(raw(text) + b"|")),
    Parser(importing.import_leads, lambda text: imported(b"crm_id,email|1," + raw(text.replace("|", "")) + b"|")),
    # As a row; and as many rows, of which each takes some microseconds: with quotes that open, close and escape.
    Parser(tables.open_table, partial(quarter, table)),
    *each(tables.open_table, ('"\n', '1,"a\n', '"",\n', '\\"\n', "a\n"), lines_of),
    *each(Form.is_valid, (ConfirmForm, SpendForm), lambda form, text: form({"max_credits": text}).is_valid()),
    Parser(LeadForm.is_valid, lambda text: LeadForm({"crm_id": text}).is_valid()),
]
OF_SANDBOX = [
    *each(api.answer, ("/email/find/bulk", "/email/verify/single", "/phone/single"), asked_in_sandbox),
    Parser(validation.text, lambda text: validation.text({"email": text}, "email")),
    Parser(validation.parse, lambda text: validation.parse(BULK, raw(text), CURRENT)),
    Parser(validation.check, lambda text: validation.check(BULK, payload_of(BULK, text), CURRENT)),
    Parser(validation.rows_of, lambda text: validation.rows_of(BULK, payload_of(BULK, text))),
    Parser(validation.is_doomed, lambda text: validation.is_doomed(BULK, payload_of(BULK, text), b"failed.example")),
    Parser(people.domain_of, lambda text: unwrap(people.domain_of)(text, text)),
    Parser(people.company_of, lambda text: people.company_of(text, None)),
    Parser(people.guess_email, lambda text: people.guess_email(text, text, text)),
    Parser(people.find_email, lambda text: people.find_email(text, text, text)),
    Parser(people.find_phone, lambda text: people.find_phone(linkedin_url=f"https://linkedin.com/in/{text}")),
    Parser(people.find_phone, lambda text: people.find_phone(firstname=text, lastname=text, company_name=text)),
    Parser(may_send, lambda text: may_send(f"https://{text}", allow_loopback_http=True)),
    Parser(control.answer, lambda text: configured(raw(text))),
    Parser(control.answer, lambda text: configured(json.dumps({"credits": text, "chaos": text}).encode())),
]
PARSERS = [
    *(Parser(function, unwrap(function)) for function in PLAIN),
    *(*OF_LOGS, *OF_ENROW, *OF_LEADS, *OF_SANDBOX),
]
