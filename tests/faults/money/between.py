"""Between two servers: POSTs in any weather, searches that end, events in any order, and other programs' searches."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from enrow_webhooks.client.errors import EnrowError
from enrow_webhooks.client.values import Kind
from enrow_webhooks.connect import open_client
from enrow_webhooks.inbox import processing
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox.jobs import State as AtEnrow
from leads.kinds import KINDS
from leads.models import LeadSearch, SearchJob
from leads.outbox import submission
from tests.faults.money import world
from tests.faults.money.scene import SECRET, WEATHER, Scene, pick, rarely, when, which

ORIGIN = "http://crm.example.com"
weathers = st.sampled_from(sorted(WEATHER))
kinds_elsewhere = st.sampled_from(Kind)


class Between(Scene):
    """What happens on the way to Enrow, at Enrow, and on the way back."""

    @rule(name=weathers)
    def weather(self, name):
        self.top_up()
        self.change_weather(name)

    @when("queued")
    @rule(weather=st.sampled_from(["fine"] * 4) | weathers, stalls=rarely)
    def submit(self, weather="fine", stalls=False):
        """Send the next job in some weather, which is fine again afterwards; or its worker waits for the answer."""
        self.weather(name=weather)
        SearchJob.objects.queued().exclude(requested=0).update(next_check_at=timezone.now())
        if stalls:
            self.post_and_stall()
        else:
            submission.submit_next()
        self.top_up()
        self.change_weather("fine")

    @when("at Enrow")
    @rule(number=which)
    def enrow_finishes_one(self, number):
        if job := pick((job for job in self.sandbox.jobs if job.state is AtEnrow.ONGOING), number):
            self.sandbox.finish(job)
            self.did("a search ended")

    @when("queued", "at Enrow")
    @rule()
    def everything_goes_well_by_events(self):
        """Sent and searched; each event arrives once, on the job's own URL, and nothing is polled."""
        while submission.submit_next():
            pass
        number = len(self.sandbox.deliveries)
        self.sandbox.finish_all()
        for delivery in self.sandbox.deliveries[number:]:
            self.post(delivery)
        self.process()

    @when("queued", "running")
    @rule()
    def everything_goes_well_for_a_while(self):
        """Sent, searched, polled and written, as far as the weather lets it."""
        self.sweep()
        self.sandbox.finish_all()
        SearchJob.objects.running().update(next_check_at=timezone.now())
        self.sweep()

    @precondition(lambda self: self.sandbox.deliveries)
    @rule(number=which, by_secret=rarely, is_processed=st.booleans())
    def deliver(self, number, by_secret=False, is_processed=True):
        delivery = pick(self.sandbox.deliveries, number)
        is_news = not WebhookEvent.objects.filter(event=delivery.event, enrow_id=delivery.job_id).exists()
        before = SearchJob.objects.filter(result_via="webhook").count()
        self.post(delivery, by_secret=by_secret)
        if is_processed:
            processing.drain()
        if SearchJob.objects.filter(result_via="webhook").count() > before:
            self.did("a result by the shared secret" if by_secret else "a result by its event")
        elif not is_news:
            self.did("a repeat changes nothing")

    def post(self, delivery, *, by_secret=False):
        path = f"/webhooks/enrow/{SECRET}/" if by_secret else urlsplit(delivery.url).path
        answer = self.browser.post(path, data=json.dumps(delivery.body), content_type="application/json")
        assert answer.status_code == 200
        assert WebhookEvent.objects.filter(event=delivery.event, enrow_id=delivery.job_id).exists()

    @rule(number=which, kind=kinds_elsewhere, is_ours=st.booleans())
    def another_program_searches(self, number, kind, is_ours=True):
        """With our key: for a lead of ours, under its crm_id; or for somebody unknown."""
        lead = self.a_lead(number)
        if lead is None or (kind is Kind.VERIFY_EMAIL and not lead.email):
            return
        # Which of two searches for one lead an answer that was lost belongs to, nobody could tell.
        lost = LeadSearch.objects.filter(crm_id=lead.crm_id, job__enrow_id="", job__state__in=SearchJob.AWAITING)
        if is_ours and lost.exists():
            return
        crm_id = lead.crm_id if is_ours else "unknown-1"
        query = world.query(kind, self.books.persons[lead.crm_id], crm_id, lead.email)
        try:
            with open_client() as client:
                launch = client.launch(kind, [query], webhook=f"{ORIGIN}/webhooks/enrow/{SECRET}/")
        except EnrowError:
            return
        if is_ours:
            self.books.abroad[launch.id] = crm_id
            # Somebody searched on purpose for what had been erased.
            self.books.search_again((crm_id, KINDS[kind].value))
        self.did("searched elsewhere for a lead" if is_ours else "searched elsewhere for nobody of ours")
