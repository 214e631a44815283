"""Results that come while a page is open stay when it is saved, whatever is edited there, and in whichever way."""

from __future__ import annotations

import pytest
from django.contrib import admin

from leads.admin import EnrichmentAdminMixin
from leads.enrichment import enrich
from leads.models import LeadEnrichment
from tests.conftest import finish
from tests.crm.admin import CandidateAdmin, MemberAdmin
from tests.crm.models import Agent, Candidate, Company, Contact, Member
from tests.leads.admin_pages import confirm_forgetting, fields_of, list_page, row_page, text

pytestmark = pytest.mark.django_db


def members(*names):
    return [Member.objects.create(name=f"{name} Somebody", domain="firm.com") for name in names]


def search(*models):
    for model in models:
        enrich(model.objects.all(), find={"email"})


def saved(client, page, form):
    """Post what a browser would, and fail at a form with errors."""
    answer = client.post(page, form)
    assert answer.status_code == 302, answer.context["errors"]
    return answer


def test_a_list_that_is_edited_keeps_what_came(admin_client, sandbox):
    """Another field of the same row is saved, an untouched row is not; what is typed wins."""
    members("Ann", "Bob", "Eve")
    search(Member)
    page = list_page(Member)
    form = fields_of(admin_client.get(page)) | {"_save": "Save"}
    finish(sandbox)
    places = {form[f"form-{place}-id"]: f"form-{place}" for place in range(3)}
    ann, bob, eve = (places[str(member.pk)] for member in Member.objects.order_by("name"))
    saved(admin_client, page, form | {f"{ann}-domain": "other.com", f"{eve}-mail": "typed@firm.com"})
    assert bob
    assert list(Member.objects.order_by("name").values_list("domain", "mail", "mail_state")) == [
        ("other.com", "ann.somebody@firm.com", "valid"),
        ("firm.com", "bob.somebody@firm.com", "valid"),
        ("firm.com", "typed@firm.com", None),
    ]


def company(count=2):
    firm = Company.objects.create(title="Firm", website="firm.com")
    for number in range(count):
        Contact.objects.create(given_name=f"Ann{number}", family_name="Somebody", employer=firm)
    return firm


def test_the_page_of_a_child_with_another_primary_key_is_about_its_own_row(admin_client, sandbox):
    """Its key is that of another lead, whose values, history and traces stay out of it."""
    others = company(2).contact_set.order_by("pk")
    zoe, _noa = (
        Agent.objects.create(number=other.pk, given_name=name, family_name="Somebody", employer=other.employer)
        for other, name in zip(others, ("Zoe", "Noa"), strict=True)
    )
    other, page = Contact.objects.get(pk=zoe.pk), row_page(zoe)
    form = fields_of(admin_client.get(page)) | {"_save": "Save"}
    enrich(Contact.objects.exclude(given_name="Noa"), find={"email"})
    finish(sandbox)
    saved(admin_client, page, form | {"family_name": "Somebody-Else"})
    found = Contact.objects.get(pk=zoe.contact_id)
    assert (found.family_name, found.work_email) == ("Somebody-Else", "zoe.somebody@firm.com")
    shown = text(admin_client.get(page))
    assert f"crm_id=contact-{zoe.contact_id}" in shown
    assert f"contact-{other.pk}" not in shown
    listed = text(admin_client.get(list_page(Agent)))
    assert listed.count("e-mail valid") == 1
    assert set(admin_client.get(list_page(Agent, enrow_email="valid")).context["cl"].result_list) == {zoe}
    confirm_forgetting(admin_client, Agent.objects.filter(pk=zoe.pk))
    assert Contact.objects.get(pk=zoe.contact_id).work_email is None
    assert Contact.objects.get(pk=other.pk).work_email


def test_an_inline_keeps_what_came(admin_client, sandbox):
    """On the page of another model, where rows are edited and added."""
    firm = company()
    search(Contact)
    form = fields_of(admin_client.get(row_page(firm)))
    finish(sandbox)
    form |= {"contact_set-0-family_name": "Other", "contact_set-TOTAL_FORMS": "3", "contact_set-2-given_name": "New"}
    saved(admin_client, row_page(firm), form | {"contact_set-2-work_email": "new@firm.com"})
    assert list(firm.contact_set.order_by("pk").values_list("family_name", "work_email")) == [
        ("Other", "ann0.somebody@firm.com"),
        ("Somebody", "ann1.somebody@firm.com"),
        ("", "new@firm.com"),
    ]
    form = fields_of(admin_client.get(row_page(firm)))
    saved(admin_client, row_page(firm), form | {"contact_set-1-work_email": "typed@firm.com"})
    assert firm.contact_set.filter(work_email="typed@firm.com").exists()


def test_an_inline_that_shows_only_what_is_found_is_copied(admin_client, monkeypatch):
    """In "Save as new" each row counts as edited, though the person touched none."""
    monkeypatch.setattr("tests.crm.admin.ContactInline.fields", ("work_email",))
    firm = company(1)
    Contact.objects.update(work_email="a@firm.com")
    form = fields_of(admin_client.get(row_page(firm)))
    Contact.objects.update(work_email="gone@firm.com")
    saved(admin_client, row_page(firm), form | {"_saveasnew": "1", "title": "Copy"})
    assert Company.objects.get(title="Copy").contact_set.get().work_email == "a@firm.com"
    assert firm.contact_set.get().work_email == "gone@firm.com"


def test_a_copy_has_what_the_form_shows(admin_client, sandbox):
    """It is a new lead, and the old one keeps what came."""
    (member,) = members("Ann")
    Member.objects.update(mail="seen@firm.com")
    form = fields_of(admin_client.get(row_page(member)))
    Member.objects.update(mail="later@firm.com")
    saved(admin_client, row_page(member), form | {"_saveasnew": "1", "name": "Copy"})
    assert dict(Member.objects.values_list("name", "mail")) == {
        "Ann Somebody": "later@firm.com",
        "Copy": "seen@firm.com",
    }


def test_what_nobody_may_edit_is_not_lost_in_the_moment_of_saving(admin_client, sandbox, monkeypatch):
    """The page has read the row already when the result comes."""
    Candidate.objects.create(name="Ann Somebody", company="Firm")
    search(Candidate)
    candidate = Candidate.objects.get()
    form = fields_of(admin_client.get(row_page(candidate)))

    def get_object(page, *args, **kwargs):
        lead = admin.ModelAdmin.get_object(page, *args, **kwargs)
        finish(sandbox)
        return lead

    monkeypatch.setattr(CandidateAdmin, "get_object", get_object)
    saved(admin_client, row_page(candidate), form | {"name": "Other"})
    candidate.refresh_from_db()
    assert (candidate.name, candidate.email_state) == ("Other", "valid")
    assert "@" in candidate.email


@pytest.mark.parametrize("way", ["save_model", "save_form"])
def test_the_projects_own_code_computes_from_what_came(admin_client, sandbox, monkeypatch, way):
    """Its save_model() and save() see the result, and what they change is what is saved."""
    (member,) = members("Ann")
    search(Member)
    form = fields_of(admin_client.get(row_page(member)))
    finish(sandbox)

    def save_model(page, request, obj, form, change):
        obj.linkedin = f"of {obj.mail}"
        obj.mail = obj.mail.upper()
        EnrichmentAdminMixin.save_model(page, request, obj, form, change)

    def save_form(page, request, form, change):
        return form.save(commit=False)

    own = {"save_model": save_model, "save_form": save_form}[way]
    monkeypatch.setattr(MemberAdmin, way, own, raising=False)
    saved(admin_client, row_page(member), form)
    member.refresh_from_db()
    expected = (
        ("of ann.somebody@firm.com", "ANN.SOMEBODY@FIRM.COM") if way == "save_model" else ("", "ann.somebody@firm.com")
    )
    assert (member.linkedin, member.mail) == expected


def test_a_value_that_is_typed_as_it_came_keeps_what_is_known(admin_client, sandbox):
    """The person copied it from elsewhere while the search ran; another one has never been tried."""
    (member,) = members("Ann")
    search(Member)
    form = fields_of(admin_client.get(row_page(member)))
    finish(sandbox)
    saved(admin_client, row_page(member), form | {"mail": "ann.somebody@firm.com"})
    member.refresh_from_db()
    assert (member.mail_state, member.mail_at is None) == ("valid", False)
    saved(admin_client, row_page(member), form | {"mail": "other@firm.com"})
    member.refresh_from_db()
    assert (member.mail, member.mail_state, member.mail_at) == ("other@firm.com", None, None)
    assert not LeadEnrichment.objects.exists()


def test_an_older_version_is_meant_as_it_is(rf, admin_user, sandbox):
    """A library that brings a row back as it was saves an instance that was never read from the table."""
    (member,) = members("Ann")
    Member.objects.update(mail="new@firm.com")
    page = MemberAdmin(Member, admin.site)
    request = rf.post("/")
    request.user = admin_user
    older = Member(pk=member.pk, name="Ann Somebody", domain="firm.com", mail="old@firm.com")
    older._state.adding = False
    shown = page.get_form(request, older)(instance=older)
    data = {name: shown[name].value() or "" for name in shown.fields}
    data |= {shown["mail"].html_initial_name: data["mail"]}
    form = page.get_form(request, older)(data, instance=older)
    assert form.is_valid()
    assert "mail" not in form.changed_data
    page.save_model(request, page.save_form(request, form, change=True), form, change=True)
    assert Member.objects.get().mail == "old@firm.com"


def test_who_was_deleted_meanwhile_is_added_again_as_django_does(admin_client, monkeypatch):
    """Nothing of ours fails when the row is gone."""
    (member,) = members("Ann")
    form = fields_of(admin_client.get(row_page(member)))

    def get_object(page, *args, **kwargs):
        lead = admin.ModelAdmin.get_object(page, *args, **kwargs)
        Member.objects.filter(pk=lead.pk).update(is_hidden=True)
        super(Member, lead).delete()
        lead.pk = member.pk
        return lead

    monkeypatch.setattr(MemberAdmin, "get_object", get_object)
    saved(admin_client, row_page(member), form)
    assert Member.objects.get().name == "Ann Somebody"
