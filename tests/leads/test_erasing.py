"""The row of a person who is forgotten: deleted, or blanked, and looked at afterwards."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models.signals import pre_delete
from django.test.utils import CaptureQueriesContext

from enrow_webhooks.inbox import replaying
from enrow_webhooks.models import WebhookEvent
from leads import forgetting
from leads.enrichment import enrich
from leads.erasing import Foreseen, NotForgotten
from leads.mapping import registry
from leads.models import Lead, LeadEnrichment, LeadSearch, SearchJob
from leads.outbox import submission
from leads.results import applying, writeback
from leads.upkeep.sweep import sweep
from tests.commands import run
from tests.conftest import due_now, finish, work
from tests.crm.lead_mapping import PersonMapping
from tests.crm.models import Address, Bill, Candidate, Contact, Member, Person, Visit
from tests.leads.answers import VIA, done, found
from tests.leads.races import uncommitted
from tests.leads.traces import everything

pytestmark = pytest.mark.django_db(transaction=True)

VALUES = ["email", "email_status", "email_checked_at", "phone", "phone_status", "phone_checked_at", "phone_country"]


def rows(model):
    """What there is, whatever managers hide."""
    return registry.of(model).rows().order_by("pk")


def crm_ids(model):
    mapping = registry.of(model)
    return [mapping.crm_id(key) for key in rows(model).values_list(mapping.crm_id_field, flat=True)]


def values(model):
    """What each row has of what the mapping reads and writes."""
    mapping = registry.of(model)
    sources = [mapping.source(name) for name in VALUES if mapping.source(name)]
    return [list(row) for row in rows(model).values_list(*sources)]


def make(model, count=2):
    if model is Contact:
        return [Contact.objects.create(given_name=f"Ann{n}", family_name="Somebody") for n in range(count)]
    if model is Candidate:
        return [Candidate.objects.create(name=f"Ann{n} Somebody", company="Firm") for n in range(count)]
    if model is Person:
        return [Person.objects.create(code=f"p-{n}", name=f"Ann{n} Somebody", domain="firm.com") for n in range(count)]
    return [
        Member.objects.create(name=f"Ann{n} Somebody", domain="firm.com", linkedin=f"linkedin.com/in/ann{n}-somebody")
        for n in range(count)
    ]


def fill(model, sandbox):
    """Buy everything that can be bought for two rows."""
    make(model)
    if model is Contact:
        Contact.objects.update(linkedin="https://www.linkedin.com/in/ann-somebody")
    enrich(model.objects.all(), find={"email"} if model is Person else {"email", "phone"})
    finish(sandbox)


@pytest.fixture
def member():
    return make(Member, 1)[0]


@pytest.fixture
def deleting(monkeypatch):
    """Let forgetting a member delete the row."""
    monkeypatch.setattr(registry.of(Member), "on_forget", "delete")


# Blanked.


@pytest.mark.parametrize("model", [Contact, Candidate, Person, Member])
def test_all_that_was_written_is_blank_and_the_row_stays(sandbox, model):
    """NULL where the column may be NULL, else ''; also what is encrypted, stands in another table, or is hidden."""
    make(model)
    enrich(model.objects.all(), find={"email"} if model in {Person, Contact} else {"email", "phone"})
    if model is Contact:
        Contact.objects.filter(pk=Contact.objects.first().pk).update(work_email="ann@firm.com", mobile="+33611111111")
        LeadEnrichment.objects.create(model="crm.contact", key=Contact.objects.first().pk, email="ann@firm.com")
    finish(sandbox)
    if model is Member:
        rows(Member).update(is_hidden=True)
    (first, second), before = crm_ids(model), values(model)
    assert any(before[0])
    other = before[1]

    done = forgetting.forget([first])

    assert done.leads == 1
    after = values(model)
    assert (after[1], rows(model).count()) == (other, 2)
    assert not any(after[0])
    traces = {first, *filter(None, map(str, before[0]))} - {"None", *map(str, other)}
    assert not [trace for trace in traces if trace in everything()]
    forgetting.forget([first, second])
    assert not any(map(any, values(model)))
    assert not LeadEnrichment.objects.exists()


def test_a_column_that_may_be_null_is_null(sandbox, member):
    """Two '' would collide in a unique column; a text that may not be NULL is ''."""
    rows(Member).update(mail="a@firm.com", mobile="+1", mail_state="valid", mobile_state="found", mobile_land="US")
    other = Member.objects.create(name="Bob", mobile="+2")
    before = rows(Member).get(pk=member.pk).changed_at
    forgetting.forget(crm_ids(Member))
    row = rows(Member).get(pk=member.pk)
    assert (row.mail, row.mail_state, row.mobile, row.mobile_state, row.mobile_land) == ("", None, None, "", None)
    assert rows(Member).get(pk=other.pk).mobile is None
    assert row.changed_at > before


def test_what_the_project_wrote_elsewhere_and_does_not_blank_is_told(sandbox, monkeypatch):
    """A mapping with write() and without forget(): nobody is said to be forgotten, and nothing has changed."""
    fill(Person, sandbox)
    before, addresses = everything(), Address.objects.count()
    monkeypatch.delattr(PersonMapping, "forget")
    with pytest.raises(NotForgotten, match=r"crm\.Person still has the email of somebody\..*PersonMapping\.forget\(\)"):
        forgetting.forget(crm_ids(Person))
    assert (everything(), Address.objects.count()) == (before, addresses)


def test_the_projects_own_hook_is_called_before_its_row_is_deleted(monkeypatch, deleting, member):
    """With the keys of rows that are there; what it raises keeps everything as it is, and is told without its words."""
    asked = []
    monkeypatch.setattr(registry.of(Member), "forget", asked.extend)
    forgetting.forget([f"member-{member.pk}", "member-999999"])
    assert (asked, rows(Member).count()) == ([member.pk], 0)

    def fail(keys):
        raise RuntimeError("ann@firm.com")

    monkeypatch.setattr(registry.of(Member), "forget", fail)
    make(Member, 1)
    with pytest.raises(NotForgotten, match=r"Code of the project refuses it for crm\.Member: RuntimeError") as caught:
        forgetting.forget(crm_ids(Member))
    assert "ann@firm.com" not in str(caught.value)
    assert rows(Member).count() == 1


def test_a_column_that_cannot_be_blank_is_told(monkeypatch, member):
    """A date that may not be NULL."""
    monkeypatch.setattr(registry.of(Member), "email_checked_at", "changed_at")
    with pytest.raises(NotForgotten, match=r"crm\.Member\.changed_at cannot be blank; let it be null\."):
        forgetting.forget(crm_ids(Member))


# Deleted.


def test_a_row_that_delete_would_only_hide_is_deleted(member, deleting):
    """Neither the model's own delete() nor its queryset's has a say, and what is hidden already is found."""
    Visit.objects.create(member=member)
    member.delete()
    assert (Member.objects.count(), rows(Member).count()) == (0, 1)
    assert forgetting.forget(crm_ids(Member)).leads == 1
    assert (rows(Member).count(), Visit.objects.count()) == (0, 0)


def test_a_row_that_another_table_keeps_is_not_forgotten(member, deleting):
    """It says which; the searches stay as they are, too."""
    Bill.objects.create(member=member)
    before = everything()
    with pytest.raises(NotForgotten, match=r"Bills keep a lead from being deleted; delete them first\."):
        forgetting.forget(crm_ids(Member))
    assert (rows(Member).count(), everything()) == (1, before)


def test_a_receiver_that_refuses_is_told_without_its_words(member, deleting):
    """pre_delete is the project's own way to say no."""

    def refuse(sender, **kwargs):
        raise ValueError("ann@firm.com is on hold")

    pre_delete.connect(refuse, sender=Member)
    try:
        with pytest.raises(NotForgotten, match=r"Code of the project refuses it for crm\.Member: ValueError") as caught:
            forgetting.forget(crm_ids(Member))
    finally:
        pre_delete.disconnect(refuse, sender=Member)
    assert "ann@firm.com" not in str(caught.value)


KEEP = {
    "sqlite": "CREATE TRIGGER odd BEFORE DELETE ON crm_member BEGIN SELECT RAISE(IGNORE); END",
    "postgresql": "BEGIN RETURN NULL; END",
}
RESTORE = {
    "sqlite": "CREATE TRIGGER odd AFTER UPDATE ON crm_member BEGIN "
    "UPDATE crm_member SET mail = OLD.mail WHERE id = OLD.id; END",
    "postgresql": "BEGIN NEW.mail := OLD.mail; RETURN NEW; END",
}
REFUSE = {
    "sqlite": "CREATE TRIGGER odd BEFORE UPDATE ON crm_member BEGIN SELECT RAISE(ABORT, 'ann@firm.com'); END",
    "postgresql": "BEGIN RAISE check_violation USING MESSAGE = 'ann@firm.com'; END",
}


@pytest.fixture
def trigger():
    """Let the database itself interfere."""

    def create(texts, event):
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(f"CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ {texts['postgresql']} $$")
                cursor.execute(f"CREATE TRIGGER odd BEFORE {event} ON crm_member FOR EACH ROW EXECUTE FUNCTION odd()")
            else:
                cursor.execute(texts["sqlite"])

    yield create
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP FUNCTION odd() CASCADE")
        else:
            cursor.execute("DROP TRIGGER odd")


def test_a_row_that_is_still_there_is_told(member, deleting, trigger):
    """A trigger skips the DELETE without an error."""
    trigger(KEEP, "DELETE")
    with pytest.raises(NotForgotten, match=r"1 of 1 rows of crm\.Member are still there after they were deleted"):
        forgetting.forget(crm_ids(Member))


def test_a_value_that_comes_back_at_once_is_told(member, trigger):
    """A trigger restores it."""
    rows(Member).update(mail="ann@firm.com")
    trigger(RESTORE, "UPDATE")
    with pytest.raises(NotForgotten, match=r"crm\.Member still has the email of somebody\."):
        forgetting.forget(crm_ids(Member))


def test_a_table_that_refuses_to_be_blanked_is_told(member, trigger):
    """By the error's kind, never by its message."""
    trigger(REFUSE, "UPDATE")
    with pytest.raises(NotForgotten, match=r"The table of crm\.Member refuses it: IntegrityError") as caught:
        forgetting.forget(crm_ids(Member))
    assert "ann@firm.com" not in str(caught.value)


# Nothing comes back.


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("via", ["webhook", "poll"])
def test_a_late_result_does_not_come_back_onto_a_row_that_stays(site, count, via, enrow):
    """The row is there, and fits what was searched; its search is nobody's any more."""
    if via == "poll":
        enrow(WEBHOOK_ORIGIN="")
    make(Person, count)
    site.configure(delay=1000)
    job = enrich(Person.objects.all(), find={"email"}).jobs().get()
    assert submission.submit(job.pk)
    forgetting.forget(["person-p-0"])
    assert LeadSearch.objects.get(effect="erased").model == ""
    site.finish_all()
    work(site)
    due_now()
    sweep()
    job.refresh_from_db()
    assert (job.state, job.result_via, job.kept_aside) == ("finished", via, 0)
    replaying.replay(replaying.chosen([], WebhookEvent.State.values))
    writeback.write(job.pk, is_asked=True)
    assert sorted(Address.objects.values_list("person__code", flat=True)) == [f"p-{n}" for n in range(1, count)]
    assert not LeadEnrichment.objects.filter(key="p-0").exists()
    # To search them again is the project's own wish.
    assert enrich(Person.objects.filter(code="p-0"), find={"email"}).tally.counts().searched == 1


def test_a_worker_that_has_read_the_person_already_sends_without_them(sandbox, monkeypatch):
    """It waits for its turn to POST, and then leaves the job to be prepared again: no place in it is shifted."""
    make(Person, 3)
    job = enrich(Person.objects.all(), find={"email"}).jobs().get()
    monkeypatch.setattr("leads.outbox.submission.take_post_slot", lambda: forgetting.forget(["person-p-0"]))
    assert submission.submit(job.pk)
    assert not sandbox.ledger.purchases
    monkeypatch.undo()
    finish(sandbox)
    assert sandbox.ledger.purchases.total() == 2
    assert dict(Address.objects.values_list("person__code", "email")) == {
        f"p-{n}": f"ann{n}.somebody@firm.com" for n in (1, 2)
    }


@pytest.mark.postgres
@pytest.mark.parametrize("model", [Member, Person])
@pytest.mark.parametrize("forgotten_first", [True, False])
def test_a_result_that_is_applied_at_the_same_moment(sandbox, model, forgotten_first):
    """Written and then blanked, or not written at all."""
    make(model, 1)
    sandbox.configure(delay=1000)
    job = enrich(model.objects.all(), find={"email"}).jobs().get()
    assert submission.submit(job.pk)
    (name,) = crm_ids(model)

    def apply():
        return applying.apply(job.pk, done(found(name, "ann@firm.com")), via=VIA)

    def forget():
        return forgetting.forget([name])

    first, then = (forget, apply) if forgotten_first else (apply, forget)
    with uncommitted(then) as results:
        first()
    assert not isinstance(results[0], Exception), results
    assert not any(map(any, values(model)))
    assert "ann@firm.com" not in everything()
    assert name not in everything()


# Whom, and what is told before.


def test_people_of_several_models_and_of_one_that_is_not_mapped_any_more(sandbox, unmapped):
    """By their crm_ids; of a model without a mapping there are the searches, by their text."""
    for model in (Contact, Person, Member):
        make(model, 1)
        if model is not Contact:
            enrich(model.objects.all(), find={"email"})
    Lead.objects.create(crm_id="ours")
    finish(sandbox)
    names = [name for model in (Contact, Person, Member, Lead) for name in crm_ids(model)]
    assert forgetting.unknown([*names, "nobody", "member-999999"]) == ["nobody", "member-999999"]
    unmapped(Member)
    assert forgetting.unknown(names) == []
    done = forgetting.forget(names)
    assert (done.leads, done.searches) == (3, 2)
    assert not [name for name in names if name in everything()]
    assert Member._base_manager.get().mail
    assert not Lead.objects.exists()


def test_what_is_known_of_a_lead_alone_is_a_trace():
    """Its row and its searches may be gone for years."""
    LeadEnrichment.objects.create(model="crm.contact", key="99", email="ann@firm.com")
    assert forgetting.unknown(["contact-99"]) == []
    forgetting.forget(["contact-99"])
    assert not LeadEnrichment.objects.exists()


def test_it_is_said_what_is_blanked_what_goes_along_and_what_stands_in_the_way(member, monkeypatch):
    """As the admin's own page before deleting; nothing has changed then."""
    for _ in range(2):
        Visit.objects.create(member=member)
    fields = "Mail address, Mail state, Mail at, Mobile, Mobile state, Mobile at, Mobile land"
    names = [*crm_ids(Member), "nobody"]
    assert forgetting.foresee(names) == Foreseen(blanked={f"members: {fields}": 1})
    monkeypatch.setattr(registry.of(Member), "on_forget", "delete")
    assert forgetting.foresee(names) == Foreseen(deleted={"members": 1, "visits": 2})
    Bill.objects.create(member=member)
    assert forgetting.foresee(names).protected == {"bills": 1}
    assert forgetting.foresee(["nobody"]) == Foreseen()
    assert rows(Member).count() == 1


def test_the_command_lists_it_and_fails_with_a_sentence(member, deleting):
    """Exit code 1: a person has to delete what stands in the way."""
    Visit.objects.create(member=member)
    Bill.objects.create(member=member)
    (name,) = crm_ids(Member)
    dry = run("forget_lead", name, "--dry-run")
    assert dry.out.splitlines()[1:] == [
        "Deleted: 1 members",
        "Deleted: 1 visits",
        "Kept from being deleted by: 1 bills",
    ]
    outcome = run("forget_lead", name, "--yes")
    assert (outcome.code, "Bills keep a lead from being deleted" in outcome.err) == (1, True)
    assert "Forgot" not in outcome.out


@pytest.mark.parametrize("mode", ["blank", "delete"])
def test_it_costs_a_constant_number_of_queries(monkeypatch, mode):
    """However many are forgotten at once."""
    monkeypatch.setattr(registry.of(Member), "on_forget", mode)

    def cost(count):
        make(Member, count)
        with CaptureQueriesContext(connection) as queries:
            assert forgetting.forget(crm_ids(Member)).leads == rows(Member).count() or mode == "delete"
        registry.of(Member).rows().delete()
        return len(queries)

    assert cost(2) == cost(30)
    assert not SearchJob.objects.exists()
