"""Whatever arrives at the webhook address: never a 5xx, never an exception, never a write to a lead without proof."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest
from django.db.models import Sum
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from enrow_webhooks.inbox import processing
from enrow_webhooks.inbox.addresses import sign
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox import people
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import submission
from tests.faults import bodies

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SECRET = "a-shared-secret-of-some-length"
TYPED = "typed@firm2.com"
ROWS = (Lead, SearchJob, LeadSearch)
EVENTS = {
    "email": "single_search_finished", "phone": "single_phone_search_finished", "verify": "verification_finished",
    "bulk": "bulk_search_finished",
}  # fmt: skip


class World:
    """A handful of leads with a search of every kind on its way, put back before every example."""

    def __init__(self) -> None:
        # How the examples ended: a fuzz that only ever meets the door proves nothing.
        self.seen: Counter[str] = Counter()
        self.jobs = dict(self._launch())
        self._saved = {model: list(model.objects.all()) for model in ROWS}
        self._before = self.leads()

    def _launch(self) -> Iterator[tuple[str, SearchJob]]:
        for name, crm_ids, find, verify in [
            ("email", ["lead-0"], {"email"}, False), ("phone", ["lead-1"], {"phone"}, False),
            ("verify", ["lead-2"], (), True), ("bulk", ["lead-3", "lead-4"], {"email"}, False),
        ]:  # fmt: skip
            run = enrich(Lead.objects.filter(crm_id__in=crm_ids), find=find, verify=verify)
            job = run.jobs().get()
            assert submission.submit(job.pk)
            yield name, SearchJob.objects.get(pk=job.pk)

    def put_back(self) -> None:
        """Forget what the last example did."""
        WebhookEvent.objects.all().delete()
        for model in reversed(ROWS):
            model.objects.all().delete()
        for model in ROWS:
            model.objects.bulk_create(self._saved[model])

    @staticmethod
    def leads() -> dict[str, tuple[str, str]]:
        """Return what is known of every lead."""
        return {crm_id: (email, phone) for crm_id, email, phone in Lead.objects.values_list("crm_id", "email", "phone")}

    def changed(self) -> list[Lead]:
        """Return the leads that are not what they were."""
        now = self.leads()
        return [lead for lead in Lead.objects.all() if now[lead.crm_id] != self._before[lead.crm_id]]

    def event(self, name: str) -> dict:
        """Return what Enrow could say about a job: the documented body, with the job's id and its lead's echo."""
        body = bodies.DOCUMENTED[EVENTS[name]] | {"id": self.jobs[name].enrow_id}
        echo = {"custom": {"crm_id": LeadSearch.objects.filter(job=self.jobs[name]).earliest("pk").crm_id}}
        if name == "verify":
            return body | echo | {"email": TYPED, "qualification": "invalid"}
        return body | ({"result": body["result"] | echo} if "result" in body else {})

    def token(self, sender: str) -> str:
        """Return the last part of the URL that a sender uses."""
        if sender == "secret":
            return SECRET
        return sign(str(self.jobs[sender].pk)) if sender in self.jobs else sender


@pytest.fixture
def world(sandbox, make_leads, enrow):
    """Five leads, four jobs on their way; the sandbox knows everybody."""
    enrow(WEBHOOK_SECRETS=[SECRET])
    make_leads(5)
    Lead.objects.filter(crm_id="lead-2").update(email=TYPED)
    return World()


def is_true(lead: Lead) -> bool:
    """Tell whether a lead says of itself nothing but what Enrow says when it is asked."""
    email = people.find_email(lead.display_name(), lead.company_domain)
    phone, _ = people.find_phone(linkedin_url=lead.linkedin_url)
    is_judged = lead.email_status in {"valid", "invalid"}
    is_judged_truly = not is_judged or people.verify(lead.email) == (lead.email_status == "valid")
    return lead.email in {"", email, TYPED} and lead.phone in {"", phone} and is_judged_truly


def agrees(world: World, sender: str) -> bool:
    """Tell whether the one event speaks of the job whose URL it came on: its event, and its id when it has one."""
    row = WebhookEvent.objects.get()
    is_nameless = row.enrow_id.startswith("sha256:")
    return row.event == EVENTS[sender] and (is_nameless or world.jobs[sender].enrow_id in row.payload)


def deliveries() -> int:
    return WebhookEvent.objects.aggregate(sum=Sum("deliveries", default=0))["sum"]


def deliver(world: World, sender: str, body: bytes, *, length: str = "true", **headers: str) -> int:
    """Deliver a body, process the inbox, and check what holds for every sender; return the status."""
    if length != "true":
        headers["CONTENT_LENGTH"] = length
    content_type = headers.pop("content_type", "application/json")
    answer = Client().generic("POST", f"/webhooks/enrow/{world.token(sender)}/", body, content_type, **headers)
    assert answer.status_code in {200, 400, 404, 413}
    assert answer["Content-Type"] == "application/json"
    # What is acknowledged is kept, and nothing else: what is no event could be about anybody.
    assert deliveries() == (answer.status_code == 200)
    processing.drain()
    world.seen.update(WebhookEvent.objects.values_list("state", flat=True))
    world.seen["written"] += bool(world.changed())
    assert not list(WebhookEvent.objects.waiting().values_list("state", "last_error"))
    return answer.status_code


def crm_words() -> st.SearchStrategy[object]:
    """Values that could hit a lead: its crm_id, in each way to write ``custom``, and values for it."""
    names = st.sampled_from([f"lead-{number}" for number in range(6)])
    return st.one_of(
        names, names.map(lambda name: {"crm_id": name}),
        st.sampled_from(["evil@evil.io", "a@b.com\x00", "EVIL@evil.io ", "+15705551234", "valid", "found", "ongoing",
                         "GB"]),
    )  # fmt: skip


FUZZ = settings(
    # By itself the same examples everywhere: a run tells of the code, not of chance. FUZZ_EXAMPLES=5000 looks for new.
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "150")), deadline=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    # The world is put back by hand before every example.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


def events(world: World, about: str = "") -> st.SearchStrategy[bytes]:
    """Events about one job of the world, or about any."""
    ids = st.sampled_from([job.enrow_id for job in world.jobs.values()])
    one = st.sampled_from([about] if about else sorted(world.jobs)).flatmap(
        lambda name: bodies.events(world.event(name), crm_words() | ids)
    )
    return bodies.written(one)


def test_a_jobs_own_url_writes_to_its_own_leads_only(world):
    """The reference proves one job: a single's event is believed, a bulk's is asked back, no other lead is touched."""

    @FUZZ
    @given(st.data(), st.sampled_from(sorted(world.jobs)), bodies.content_types, bodies.odd_headers)
    def fuzz(data, sender, content_type, headers):
        world.put_back()
        body = data.draw(events(world, about=sender) | events(world))
        deliver(world, sender, body, content_type=content_type, **headers)
        own = set(LeadSearch.objects.filter(job=world.jobs[sender]).values_list("crm_id", flat=True))
        changed = world.changed()
        assert {lead.crm_id for lead in changed} <= own
        assert sender != "bulk" or all(is_true(lead) for lead in changed)
        # One that contradicts its URL is not used; but Enrow is asked about the job, and tells the truth.
        assert not changed or agrees(world, sender) or all(is_true(lead) for lead in changed)
        for lead in changed:
            lead.clean_fields()

    fuzz()
    assert min(world.seen[end] for end in ("processed", "ignored", "written")) > 0, world.seen
    print(world.seen)


def test_the_shared_secret_and_unknown_references_write_only_what_enrow_confirms(world):
    """Who only knows the dashboard's URL, or an old job's, can make us ask Enrow, and nothing more."""
    senders = ["secret", sign("job"), sign(""), sign("5f0d3a43-6f5c-4f5c-9a64-0d7d1a8f5a11"), sign("x" * 64)]

    @FUZZ
    @given(st.data(), st.sampled_from(senders), bodies.content_types, bodies.odd_headers)
    def fuzz(data, sender, content_type, headers):
        world.put_back()
        deliver(world, sender, data.draw(events(world)), content_type=content_type, **headers)
        assert all(is_true(lead) for lead in Lead.objects.all())

    fuzz()
    # Rare among the drawn ones, and to be seen for sure.
    world.put_back()
    assert deliver(world, "secret", b'{"event": "not_documented", "id": "x"}') == 200
    assert min(world.seen[end] for end in ("processed", "ignored", "written")) > 0, world.seen
    print(world.seen)


def test_a_stranger_leaves_nothing(world):
    """Odd tokens and bent signatures get 404; no row, no change."""
    signed = world.token("email")
    odd = [signed[:-1], signed + "x", signed.upper(), signed.replace(".", ":"), signed.partition(".")[0], SECRET[:-1],
           SECRET.upper(), f"{SECRET} ", "%00", "%ED%A0%80", "%F0%9F%98%80", "%2F", "..", "x" * 3000,
           ".", "a.b"]  # fmt: skip
    tokens = st.sampled_from(odd) | st.text("abcXYZ019.-_~:", min_size=1, max_size=60)

    @FUZZ
    @given(st.data(), tokens, bodies.content_types, bodies.odd_headers)
    def fuzz(data, token, content_type, headers):
        WebhookEvent.objects.all().delete()
        body = data.draw(events(world))
        answer = Client().generic("POST", f"/webhooks/enrow/{token}/", body, content_type, **headers)
        assert answer.status_code == 404
        assert not WebhookEvent.objects.exists()
        assert not world.changed()

    fuzz()


@pytest.mark.parametrize("sender", ["email", "secret"])
def test_raw_bytes_leave_nothing_or_an_event(world, sender):
    """No event: 400 or 413, and no row; lengths that lie change nothing about it."""

    @FUZZ
    @example(b"", "application/json", "9" * 5000)
    @example(b"a\x00b", "application/json", "true")
    @given(bodies.raw | bodies.written(bodies.json_values), bodies.content_types, bodies.lengths)
    def fuzz(body, content_type, length):
        WebhookEvent.objects.all().delete()
        status = deliver(world, sender, body, length=length, content_type=content_type)
        assert status in {200, 400, 413}
        # Whatever came on the job's own URL, Enrow may be asked about the job.
        assert all(is_true(lead) for lead in world.changed())

    fuzz()
