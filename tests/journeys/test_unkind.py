"""Each kind, single and bulk, with every Enrow that the sandbox can be, and with everything that happens to a GET.

The seeds are always the same; ``JOURNEY_SEEDS=17,18`` takes others, where time does not matter.
"""

from __future__ import annotations

import datetime as dt
import os
from itertools import product

import pytest
from django.utils import timezone

from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox.endpoints import Product
from enrow_webhooks.sandbox.special import Word
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.upkeep.sweep import sweep
from tests.conftest import due_now, work
from tests.journeys.truth import assert_no_traceback, assert_truth, cast, odd_words

USUAL_SEEDS = "1"
SEEDS = [int(seed) for seed in os.environ.get("JOURNEY_SEEDS", USUAL_SEEDS).split(",")]
IS_USUAL = "JOURNEY_SEEDS" not in os.environ
ENROWS = {
    "current": {"profile": "current"},
    "legacy": {"profile": "legacy", "facts": "phone_nested,webhook_balance"},
    "resolver": {"profile": "resolver"},
    "unkind": {"profile": "unkind"},
}
GETS = [
    "get-unavailable",
    "get-gateway",
    "unknown-for-a-while",
    "slow-get",
    "dripping-get",
    "huge-answer",
]
# So often each GET is struck; then all is well again, so that a journey has an end.
STRUCK = 2
ROUNDS = STRUCK + 3
COUNTS = {"single": 1, "bulk": 6}


JOURNEYS = list(product(ENROWS, Product, COUNTS))
GET_JOURNEYS = list(product(GETS, Product, COUNTS))
# What becomes of which value is the seed's choice; these seeds change a value, a verdict, a name and a place.
TYPE_SEEDS = [1, 2, 4, 6] if IS_USUAL else SEEDS
TYPE_JOURNEYS = list(product(Product, COUNTS, TYPE_SEEDS))


def begin(sandbox, kind, size, **settings):
    """Ask for the leads of a journey."""
    sandbox.configure(slow_get_seconds=0.1, drip_seconds=0.1, huge_megabytes=1, **settings)
    crowd = cast(COUNTS[size])
    Lead.objects.bulk_create(person.lead(kind) for person in crowd)
    find = {Product.FIND_EMAIL: {"email"}, Product.FIND_PHONE: {"phone"}}.get(kind, ())
    enrich(Lead.objects.all(), find=find, verify=kind is Product.VERIFY_EMAIL)
    return crowd


def by_events(sandbox):
    """Send, and process what Enrow calls with, again and again; nothing here polls."""
    for number in range(ROUNDS):
        work(sandbox)
        if not SearchJob.objects.open().exists():
            return
        calm_after(sandbox, number)
        WebhookEvent.objects.waiting().update(next_attempt_at=SearchJob.objects.earliest("created_at").created_at)


def by_polling(sandbox):
    """Send, and ask until there is an answer; no event can arrive."""
    for number in range(ROUNDS):
        work(sandbox)
        due_now()
        sweep()
        if not SearchJob.objects.open().exists():
            return
        calm_after(sandbox, number)


def end_what_never_ends(sandbox, crowd):
    """Let the deadline pass for rows that Enrow never ends, which alone may keep a batch open until then."""
    endless = {name for name, word in odd_words(sandbox, crowd) if word is Word.ONGOING}
    assert set(LeadSearch.objects.pending().values_list("crm_id", flat=True)) == endless
    assert SearchJob.objects.open().exists() == bool(endless)
    SearchJob.objects.update(sent_at=timezone.now() - dt.timedelta(hours=25))
    due_now()
    sweep()


def calm_after(sandbox, number):
    """End the chaos after the last round that it may strike."""
    if number + 1 == STRUCK:
        sandbox.configure(chaos="")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("enrow_is", "kind", "size"), JOURNEYS)
def test_every_enrow_brings_the_truth_by_its_events(site, caplog, enrow_is, kind, size, seed):
    """Without a single poll each lead has its value or a reason, and the job says that an event brought it."""
    crowd = begin(site, kind, size, seed=seed, **ENROWS[enrow_is])
    by_events(site)
    end_what_never_ends(site, crowd)
    assert set(SearchJob.objects.values_list("result_via", flat=True)) == {"webhook"}
    assert_truth(site, crowd, kind)
    assert_no_traceback(caplog.records)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("enrow_is", "kind", "size"), JOURNEYS)
def test_every_enrow_tells_the_truth_when_asked(sandbox, caplog, enrow_is, kind, size, seed):
    """The same by polling alone."""
    crowd = begin(sandbox, kind, size, seed=seed, **ENROWS[enrow_is])
    by_polling(sandbox)
    end_what_never_ends(sandbox, crowd)
    assert set(SearchJob.objects.values_list("result_via", flat=True)) == {"poll"}
    assert_truth(sandbox, crowd, kind)
    assert_no_traceback(caplog.records)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("chaos", "kind", "size"), GET_JOURNEYS)
def test_whatever_happens_to_a_get_the_next_one_brings_the_truth(sandbox, caplog, chaos, kind, size, seed):
    """GETs are free: a bad answer costs another question, no result and no second purchase."""
    crowd = begin(sandbox, kind, size, seed=seed, chaos=chaos)
    by_polling(sandbox)
    assert_truth(sandbox, crowd, kind)
    assert_no_traceback(caplog.records)


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "size", "seed"), TYPE_JOURNEYS)
def test_a_value_of_another_type_is_the_truth_or_a_reason(sandbox, caplog, kind, size, seed):
    """An answer with one wrong type is asked for again, or its lead says why: never a wrong value, or nothing found."""
    crowd = begin(sandbox, kind, size, seed=seed, chaos="wrong-types")
    by_polling(sandbox)
    assert_truth(sandbox, crowd, kind, may_fail=True)
    assert_no_traceback(caplog.records)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("chaos", GETS)
def test_an_event_outlasts_whatever_happens_to_its_get(site, caplog, chaos, seed):
    """A bulk event names no result: it waits until its GET brings one, without a single poll."""
    crowd = begin(site, Product.FIND_EMAIL, "bulk", seed=seed, chaos=chaos)
    by_events(site)
    assert set(SearchJob.objects.values_list("result_via", flat=True)) == {"webhook"}
    assert_truth(site, crowd, Product.FIND_EMAIL)
    assert_no_traceback(caplog.records)
