"""Two leads become one: history, state and what is in flight follow, and nothing is bought again."""

from __future__ import annotations

import json

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject

from enrow_webhooks.client.values import Kind
from enrow_webhooks.sandbox import people
from leads import forgetting
from leads.enrichment import enrich
from leads.merging import Merged, merge
from leads.models import Lead, LeadEnrichment, LeadSearch, SearchJob
from leads.outbox import submission
from leads.results import applying
from leads.upkeep.sweep import sweep
from tests.conftest import due_now, finish, work
from tests.crm.models import Candidate, Company, Contact, KeyContact, Partner, Person, Stranger
from tests.leads.answers import VIA, done, found, missed
from tests.leads.races import uncommitted
from tests.leads.traces import everything

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def contacts():
    """Two rows of one person, as a CRM has them before somebody merges them."""
    company = Company.objects.create(title="Firm", website="firm.com")
    return [
        Contact.objects.create(given_name="Ann", family_name="Somebody", employer=company, linkedin=None)
        for _ in range(2)
    ]


def crm_id(contact):
    return f"contact-{contact.pk}"


def history(contact):
    rows = LeadSearch.objects.filter(crm_id=crm_id(contact)).order_by("pk")
    return [(row.outcome, row.effect) for row in rows]


def send(sandbox, queryset, find=("email",)):
    """Let Enrow search these leads, and not be through yet."""
    sandbox.configure(delay=1000)
    run = enrich(queryset, find=set(find))
    send_queued()
    return run


def send_queued():
    due_now()
    for job in SearchJob.objects.queued():
        assert submission.submit(job.pk)


def end(sandbox):
    sandbox.finish_all()
    due_now()
    sweep()
    assert not SearchJob.objects.open().exists()


def names(contact, family_name="Other"):
    Contact.objects.filter(pk=contact.pk).update(family_name=family_name)


# What is refused.


def test_what_cannot_be_merged_is_refused_with_a_sentence(contacts):
    """Before anything changes: itself, what is not mapped, what is not there, what has no key, what is no lead."""
    old, new = contacts
    gone = Contact.objects.create(given_name="Eve")
    gone.delete()
    stranger = Stranger.objects.create(crm_id="x")
    refused = [
        (new, new, "cannot be merged into itself"),
        (new, KeyContact.objects.get(pk=new.pk), "cannot be merged into itself"),
        (new, SimpleLazyObject(lambda: new), "cannot be merged into itself"),
        (stranger, new, "crm.Stranger is not mapped to leads"),
        (new, stranger, "crm.Stranger is not mapped to leads"),
        (gone, new, "has no key, because it was deleted or never saved"),
        (new, "contact-999999", "There is no lead 'contact-999999' to merge into."),
        (f"contact-0{old.pk}", new, "is the crm_id of no mapped model"),
    ]
    for source, target, sentence in refused:
        with pytest.raises(ValueError, match=sentence):
            merge(source, into=target)
    for source in (17, Contact, Contact.objects.all(), None):
        with pytest.raises(TypeError, match="rows of mapped models, or their crm_ids"):
            merge(source, into=new)


def test_a_crm_id_that_no_mapping_owns_is_refused(contacts, unmapped):
    """Without a mapping that has the blank prefix."""
    unmapped(Lead)
    with pytest.raises(ValueError, match="'x-1' is the crm_id of no mapped model"):
        merge("x-1", into=contacts[1])


# What has ended.


@pytest.mark.parametrize("gone", ["before", "after", "never"])
def test_the_history_follows_and_a_bought_value_is_reused(sandbox, contacts, gone):
    """Bought for the row that goes: the other has it without a credit, whenever the first is deleted."""
    old, new = contacts
    enrich(Contact.objects.filter(pk=old.pk), find={"email"})
    finish(sandbox)
    named = crm_id(old)
    if gone == "before":
        old.delete()
    assert merge(named, into=new) == Merged(searches=1)
    if gone == "after":
        old.delete()
    assert Contact.objects.get(pk=new.pk).work_email is None
    assert history(new) == [("found", "kept")]
    Contact.objects.filter(pk=old.pk).delete()
    run = enrich(Contact.objects.filter(pk=new.pk), find={"email"})
    finish(sandbox)
    assert (run.tally.counts().reused, sandbox.ledger.purchases.total()) == (1, 1)
    assert Contact.objects.get(pk=new.pk).work_email == "ann.somebody@firm.com"
    assert merge(named, into=new) == Merged()


def test_a_value_that_the_other_has_by_now_was_written(sandbox, contacts):
    """The CRM has moved it itself: cleared later, it does not come back."""
    old, new = contacts
    enrich(Contact.objects.filter(pk=old.pk), find={"email"})
    finish(sandbox)
    value = Contact.objects.get(pk=old.pk).work_email
    old.delete()
    Contact.objects.filter(pk=new.pk).update(work_email=value)
    merge(f"contact-{LeadSearch.objects.get().crm_id.rpartition('-')[2]}", into=new)
    assert history(new) == [("found", "written")]
    Contact.objects.filter(pk=new.pk).update(work_email=None)
    run = enrich(Contact.objects.filter(pk=new.pk), find={"email"})
    assert run.tally.skipped[Kind.FIND_EMAIL, "cleared"] == 1


def test_leads_of_different_models_are_merged(sandbox, contacts):
    """A lead of ours becomes a row of the project: its searches are that one's, with its model."""
    lead = Lead.objects.create(crm_id="ours", firstname="Ann", lastname="Somebody", company_domain="firm.com")
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    new = contacts[1]
    merge(lead, into=new)
    assert LeadSearch.objects.values_list("model", "crm_id").get() == ("crm.contact", crm_id(new))
    run = enrich(Contact.objects.filter(pk=new.pk), find={"email"})
    finish(sandbox)
    assert (run.tally.counts().reused, sandbox.ledger.purchases.total()) == (1, 1)


def test_a_child_and_a_key_of_its_own_are_named_right():
    """A row of a child model is the parent's row; a key may be another field than the primary key."""
    partner = Partner.objects.create(given_name="Ann")
    one, two = (Person.objects.create(code=code, name="Ann") for code in ("one", "two"))
    candidate = Candidate.objects.create(name="Ann")
    job = SearchJob.objects.create(run="5f0c1a52-7a5e-4c5b-9b0e-1d2f3a4b5c6d", state="finished")
    for name in (crm_id(partner), "person-one"):
        LeadSearch.objects.create(job=job, model="crm.contact", crm_id=name, outcome="found")
    assert merge(one, into=two).searches == 1
    assert merge(partner, into=candidate).searches == 1
    assert set(LeadSearch.objects.values_list("model", "crm_id")) == {
        ("crm.person", "person-two"),
        ("crm.candidate", f"candidate-{candidate.pk}"),
    }


def test_what_is_kept_aside_still_fits_no_lead(contacts):
    """It waits for a person, under the lead that stays."""
    old, new = contacts
    job = SearchJob.objects.create(run="5f0c1a52-7a5e-4c5b-9b0e-1d2f3a4b5c6d", state="finished", kept_aside=1)
    LeadSearch.objects.create(job=job, crm_id=crm_id(old), outcome="found", effect="aside")
    merge(old, into=new)
    assert LeadSearch.objects.values_list("model", "crm_id", "effect").get() == ("", crm_id(new), "aside")


# State.


@pytest.mark.parametrize("own", ["", "counts", "outdated"])
def test_a_state_follows_where_it_is_about_the_value_that_the_other_has(contacts, own):
    """The own one wins while it counts; of a value that the lead has not, nothing is known."""
    old, new = contacts
    Contact.objects.filter(pk=new.pk).update(work_email="a@firm.com", mobile="+33611111111")
    state = {"model": "crm.contact", "email": "a@firm.com", "email_status": "valid"}
    LeadEnrichment.objects.create(key=str(old.pk), phone="+33699999999", phone_status="found", **state)
    if own:
        email = "a@firm.com" if own == "counts" else "z@firm.com"
        LeadEnrichment.objects.create(**state | {"key": str(new.pk), "email_status": "invalid", "email": email})
    merge(old, into=new)
    row = LeadEnrichment.objects.get()
    assert (row.key, row.email) == (str(new.pk), "a@firm.com")
    assert row.email_status == ("invalid" if own == "counts" else "valid")
    assert (row.phone, row.phone_status) == ("", "")
    merge(old, into=new)
    assert LeadEnrichment.objects.get().pk == row.pk


def test_nothing_found_follows_while_the_inputs_are_the_same(sandbox, contacts):
    """A miss is about the person who was searched."""
    old, new = contacts
    Contact.objects.update(family_name="Nobody")
    enrich(Contact.objects.filter(pk=old.pk), find={"email"})
    finish(sandbox)
    state = LeadEnrichment.objects.get()
    assert state.email_status == "not_found"
    merge(old, into=new)
    assert LeadEnrichment.objects.values_list("key", "email_status").get() == (str(new.pk), "not_found")
    third = Contact.objects.create(given_name="Bob", family_name="Other")
    merge(new, into=third)
    assert not LeadEnrichment.objects.exists()


def test_a_model_with_columns_of_its_own_takes_no_state(contacts):
    """What is known of its values stands in its table, which is not touched."""
    old, _ = contacts
    lead = Lead.objects.create(crm_id="x", email="a@firm.com")
    LeadEnrichment.objects.create(
        model="crm.contact", key=str(old.pk), email="a@firm.com", email_status="valid", phone="+1", phone_status="found"
    )
    merge(old, into=lead)
    lead.refresh_from_db()
    assert (lead.email_status, LeadEnrichment.objects.count()) == ("", 0)


# What is in flight.


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("find", ["email", "phone"])
def test_a_search_at_enrow_is_written_to_the_one_that_stays(site, contacts, count, find):
    """Enrow answers with the old crm_id, to its signed URL; single and bulk."""
    old, new = contacts
    company = old.employer
    for number in range(count - 1):
        Contact.objects.create(given_name=f"Bob{number}", family_name="Other", employer=company)
    site.configure(delay=1000)
    job = enrich(Contact.objects.exclude(pk=new.pk), find={find}).jobs().get()
    assert submission.submit(job.pk)
    named = crm_id(old)
    old.delete()
    merge(named, into=new)
    site.finish_all()
    work(site)
    job.refresh_from_db()
    assert (job.state, job.result_via, job.kept_aside) == ("finished", "webhook", 0)
    row = Contact.objects.get(pk=new.pk)
    assert row.work_email == "ann.somebody@firm.com" if find == "email" else row.mobile.startswith("+")
    assert set(LeadSearch.objects.values_list("effect", flat=True)) == {"written"}
    assert LeadSearch.objects.get(crm_id=crm_id(new)).sent_as == named
    assert enrich(Contact.objects.all(), find={find}).tally.counts().searched == 0


def test_a_result_for_other_inputs_is_kept_and_reused(sandbox, contacts):
    """The one that stays is written differently; once its name is corrected, nothing is bought again."""
    old, new = contacts
    names(new)
    send(sandbox, Contact.objects.filter(pk=old.pk))
    merge(old, into=new)
    end(sandbox)
    assert history(new) == [("found", "changed")]
    assert Contact.objects.get(pk=new.pk).work_email is None
    names(new, "Somebody")
    Contact.objects.filter(pk=old.pk).delete()
    run = enrich(Contact.objects.filter(pk=new.pk), find={"email"})
    finish(sandbox)
    assert (run.tally.counts().reused, sandbox.ledger.purchases.total()) == (1, 1)
    assert Contact.objects.get(pk=new.pk).work_email


@pytest.mark.parametrize("buyer", ["source", "target"])
@pytest.mark.parametrize("when", ["queued", "running"])
def test_both_in_flight_for_one_person_are_one_purchase(sandbox, contacts, buyer, when):
    """One shares what the other buys: whichever is merged, the purchase is kept and its result is written."""
    old, new = contacts
    first, second = (old, new) if buyer == "source" else (new, old)
    sandbox.configure(delay=1000)
    for contact in (first, second):
        enrich(Contact.objects.filter(pk=contact.pk), find={"email"})
        if when == "running" and contact is first:
            assert submission.submit(SearchJob.objects.get().pk)
    assert merge(old, into=new) == Merged(searches=1, let_go=1)
    old.delete()
    send_queued()
    end(sandbox)
    assert Contact.objects.get().work_email == "ann.somebody@firm.com"
    assert sorted(history(new)) == [("cancelled", ""), ("found", "written")]
    assert sandbox.ledger.purchases.total() == SearchJob.objects.credits() == 1


@pytest.mark.parametrize("together", [True, False], ids=["one job", "two jobs"])
@pytest.mark.parametrize("fits", ["source", "target"])
def test_both_at_enrow_with_different_inputs_are_both_kept(sandbox, contacts, together, fits):
    """Both are paid for: the result of those inputs that the lead has in the end is written, the other is kept."""
    old, new = contacts
    names(new)
    if together:
        send(sandbox, Contact.objects.all())
    else:
        send(sandbox, Contact.objects.filter(pk=new.pk))
        send(sandbox, Contact.objects.filter(pk=old.pk))
    merge(old, into=new)
    assert LeadSearch.objects.pending().filter(crm_id=crm_id(new)).count() == 2
    assert enrich(Contact.objects.filter(pk=new.pk), find={"email"}).tally.counts().searched == 0
    old.delete()
    if fits == "source":
        names(new, "Somebody")
    end(sandbox)
    right = "ann.somebody@firm.com" if fits == "source" else "ann.other@firm.com"
    assert Contact.objects.get().work_email == right
    # Within one job the lead's own search is tried first.
    other = "kept" if together and fits == "target" else "changed"
    assert sorted(effect for _, effect in history(new)) == sorted([other, "written"])
    assert sandbox.ledger.purchases.total() == SearchJob.objects.credits() == 2


@pytest.mark.parametrize("old_state", ["queued", "running"])
@pytest.mark.parametrize("new_state", ["queued", "running"])
def test_both_in_flight_with_different_inputs(sandbox, contacts, old_state, new_state):
    """What was not sent yet is let go for the other's own search; nothing that was paid for is."""
    old, new = contacts
    names(new)
    sandbox.configure(delay=1000)
    for contact, state in ((old, old_state), (new, new_state)):
        job = enrich(Contact.objects.filter(pk=contact.pk), find={"email"}).jobs().get()
        if state == "running":
            assert submission.submit(job.pk)
    assert merge(old, into=new).let_go == (old_state == "queued")
    old.delete()
    send_queued()
    end(sandbox)
    assert Contact.objects.get().work_email == "ann.other@firm.com"
    bought = 1 + (old_state == "running")
    assert sandbox.ledger.purchases.total() == SearchJob.objects.credits() == bought


def test_who_shares_a_purchase_that_is_let_go_takes_its_place(sandbox, contacts):
    """A third lead is the same person as the one that goes: it is bought for that one."""
    old, new = contacts
    names(new)
    third = Contact.objects.create(given_name="Ann", family_name="Somebody", employer=old.employer)
    for contact in (old, third, new):
        enrich(Contact.objects.filter(pk=contact.pk), find={"email"})
    assert merge(old, into=new).let_go == 1
    old.delete()
    due_now()
    finish(sandbox)
    emails = dict(Contact.objects.values_list("pk", "work_email"))
    assert emails == {new.pk: "ann.other@firm.com", third.pk: "ann.somebody@firm.com"}
    assert sandbox.ledger.purchases.total() == 2


def test_a_queued_search_is_sent_as_the_one_that_stays(sandbox, contacts):
    """With its crm_id, if it has the same inputs; else it is not sent at all."""
    old, new = contacts
    enrich(Contact.objects.filter(pk=old.pk), find={"email"})
    merge(old, into=new)
    assert LeadSearch.objects.get().sent_as == ""
    old.delete()
    finish(sandbox)
    assert Contact.objects.get().work_email
    assert history(new) == [("found", "written")]


def test_a_job_that_is_being_prepared_is_prepared_again(sandbox, contacts, monkeypatch):
    """Its worker has read the leads already, and waits for its turn to POST: it leaves the job to another."""
    old, new = contacts
    job = enrich(Contact.objects.filter(pk=old.pk), find={"email"}).jobs().get()
    monkeypatch.setattr("leads.outbox.submission.take_post_slot", lambda: merge(old, into=new))
    assert submission.submit(job.pk)
    assert sandbox.ledger.purchases.total() == 0
    monkeypatch.undo()
    sandbox_job = SearchJob.objects.get()
    assert (sandbox_job.state, submission.submit(job.pk)) == ("queued", True)
    old.delete()
    finish(sandbox)
    assert Contact.objects.get().work_email


def test_a_search_that_came_back_to_the_queue_is_matched_by_either_name(sandbox, contacts):
    """Merged while its POST was under way, then sent again: now Enrow knows it as the one that stays."""
    old, new = contacts
    job = enrich(Contact.objects.filter(pk=old.pk), find={"email"}).jobs().get()
    SearchJob.objects.update(state="sending")
    merge(old, into=new)
    old.delete()
    SearchJob.objects.update(state="queued")
    finish(sandbox)
    assert LeadSearch.objects.get().sent_as
    job.refresh_from_db()
    assert (job.kept_aside, bool(Contact.objects.get().work_email)) == (0, True)


def test_merged_again_and_again(sandbox, contacts):
    """What Enrow was told first is what it answers with."""
    old, new = contacts
    third = Contact.objects.create(given_name="Ann", family_name="Somebody", employer=old.employer)
    names(new)
    send(sandbox, Contact.objects.exclude(pk=third.pk))
    merge(old, into=new)
    merge(new, into=third)
    named = {crm_id(old), crm_id(new)}
    Contact.objects.exclude(pk=third.pk).delete()
    assert set(LeadSearch.objects.values_list("sent_as", flat=True)) == named
    end(sandbox)
    assert Contact.objects.get().work_email == "ann.somebody@firm.com"
    assert sorted(history(third)) == [("found", "kept"), ("found", "written")]


@pytest.mark.parametrize("state", ["expired", "unconfirmed"])
def test_a_late_result_finds_the_one_that_stays(site, contacts, state):
    """Given up, or its answer was lost: what comes is still paid for."""
    old, new = contacts
    job = send(site, Contact.objects.filter(pk=old.pk)).jobs().get()
    if state == "expired":
        applying.end_without_result(job.pk, "expired", "Nothing came.")
    else:
        SearchJob.objects.update(state=state, enrow_id="")
    merge(old, into=new)
    old.delete()
    site.finish_all()
    work(site)
    job.refresh_from_db()
    assert (job.state, Contact.objects.get().work_email) == ("finished", "ann.somebody@firm.com")


def test_an_answer_that_was_lost_is_known_by_what_was_sent(site, contacts, post, enrow):
    """The event came by the shared secret, and names the old lead: it is this job's, and costs nothing more."""
    old, new = contacts
    job = send(site, Contact.objects.filter(pk=old.pk)).jobs().get()
    (search_id,) = SearchJob.objects.values_list("enrow_id", flat=True)
    SearchJob.objects.update(state="unconfirmed", enrow_id="")
    merge(old, into=new)
    old.delete()
    site.finish_all()
    assert site.wait_until_idle(timeout=10)
    body = json.loads(SENT)
    body["id"] = search_id
    post(body)
    job.refresh_from_db()
    assert (SearchJob.objects.count(), job.state) == (1, "finished")


SENT = '{"event": "single_search_finished", "id": ""}'


@pytest.mark.parametrize("merged", ["alone", "with another of its batch"])
def test_results_without_a_place_are_matched_by_what_was_sent(running, merged):
    """Old custom and new custom in one batch are two rows, whatever their leads are called by now."""
    job = running(3)
    merge("lead-0", into="lead-1" if merged != "alone" else Lead.objects.create(crm_id="other"))
    applying.apply(job.pk, done(found("lead-0", "0@x.com"), found("lead-1", "1@x.com"), missed("lead-2")), via=VIA)
    values = dict(LeadSearch.objects.values_list("position", "value"))
    assert values == {0: "0@x.com", 1: "1@x.com", 2: ""}
    job.refresh_from_db()
    assert job.kept_aside == 0


# Transactions, repeats, races.


def test_it_is_a_part_of_the_callers_transaction(sandbox, contacts):
    """Rolled back with it."""
    old, new = contacts
    send(sandbox, Contact.objects.filter(pk=old.pk))
    before = everything()
    with transaction.atomic():
        merge(old, into=new)
        assert history(new) == [("pending", "")]
        transaction.set_rollback(True)
    assert everything() == before
    merge(old, into=new)
    assert merge(old, into=new) == Merged()


def test_it_costs_a_constant_number_of_queries(contacts):
    """However long the history is."""
    old, new = contacts

    def cost(count):
        jobs = SearchJob.objects.bulk_create(
            SearchJob(run="5f0c1a52-7a5e-4c5b-9b0e-1d2f3a4b5c6d", state="finished") for _ in range(count)
        )
        LeadSearch.objects.bulk_create(
            LeadSearch(job=job, model="crm.contact", crm_id=crm_id(old), outcome="found") for job in jobs
        )
        with CaptureQueriesContext(connection) as queries:
            assert merge(old, into=new).searches == count
        return len(queries)

    assert cost(2) == cost(40)


@pytest.mark.postgres
@pytest.mark.parametrize("merged_first", [True, False])
def test_a_result_that_is_applied_at_the_same_moment_is_not_lost(contacts, sandbox, merged_first):
    """Either the old row has it, as before the merge, or the one that stays."""
    old, new = contacts
    job = send(sandbox, Contact.objects.filter(pk=old.pk)).jobs().get()
    answer = done(found(crm_id(old), "a@firm.com"))

    def apply():
        return applying.apply(job.pk, answer, via=VIA)

    def join():
        return merge(old, into=new)

    first, then = (join, apply) if merged_first else (apply, join)
    with uncommitted(then) as results:
        first()
    assert not isinstance(results[0], Exception), results
    written = new if merged_first else old
    assert dict(Contact.objects.exclude(work_email=None).values_list("pk", "work_email")) == {written.pk: "a@firm.com"}
    assert history(new) == [("found", "written" if merged_first else "kept")]


@pytest.mark.postgres
def test_a_search_that_is_planned_at_the_same_moment(contacts, sandbox):
    """The planner was first: its search of the one that stays is seen, and the other one gives way."""
    old, new = contacts
    names(new)
    enrich(Contact.objects.filter(pk=old.pk), find={"email"})
    queued = SearchJob.objects.create(run="5f0c1a52-7a5e-4c5b-9b0e-1d2f3a4b5c6d", requested=1)
    search = LeadSearch(job=queued, model="crm.contact", crm_id=crm_id(new), kind="find_email", position=0)
    with uncommitted(lambda: merge(old, into=new)) as results:
        search.save()
    assert results == [Merged(searches=1, let_go=1)]
    assert sorted(history(new)) == [("cancelled", ""), ("pending", "")]


# Forgetting.


def test_who_is_forgotten_leaves_no_name_that_was_sent(sandbox, contacts):
    """Neither the one that stays, nor the one that went."""
    old, new = contacts
    send(sandbox, Contact.objects.filter(pk=old.pk))
    named = crm_id(old)
    merge(old, into=new)
    old.delete()
    assert forgetting.unknown([named]) == []
    forgetting.forget([named])
    assert named not in everything()
    assert history(new) == [("pending", "")]
    end(sandbox)
    assert Contact.objects.get().work_email == people.find_email("Ann Somebody", "firm.com")
    forgetting.forget([crm_id(new)])
    assert named not in everything()
    assert Contact.objects.get().work_email is None
    assert "ann.somebody" not in everything()


def test_a_name_that_was_sent_is_forgotten_while_both_are_in_flight(sandbox, contacts):
    """Two searches of one lead stay two; the batch tells them apart by their places."""
    old, new = contacts
    names(new)
    send(sandbox, Contact.objects.all())
    named = crm_id(old)
    merge(old, into=new)
    old.delete()
    forgetting.forget([named])
    assert named not in everything()
    end(sandbox)
    assert Contact.objects.get().work_email == "ann.other@firm.com"
    assert set(LeadSearch.objects.values_list("value", flat=True)) == {"ann.other@firm.com", "ann.somebody@firm.com"}


@pytest.mark.postgres
def test_a_name_that_was_sent_is_found_by_its_index():
    """Few searches have one, of tens of millions."""
    found = LeadSearch.objects.sent_as(["contact-1", "contact-2"])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert "leads_search_sent_as" in found.order_by().explain()


def test_the_one_that_stays_is_forgotten_with_the_name_that_was_sent(sandbox, contacts):
    """Whatever it was called when Enrow was asked; and the result that comes then is nobody's."""
    old, new = contacts
    send(sandbox, Contact.objects.filter(pk=old.pk))
    named = crm_id(old)
    merge(old, into=new)
    old.delete()
    forgetting.forget([crm_id(new)])
    assert named not in everything()
    end(sandbox)
    assert Contact.objects.get().work_email is None
    assert not LeadSearch.objects.exclude(effect="erased").exists()
