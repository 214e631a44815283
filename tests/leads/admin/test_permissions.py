"""Every permission times every way there: what each user may do and see, by GET and by POST."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape

import pytest
from django.apps import apps
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from enrow_webhooks.models import WebhookEvent
from leads.admin.rights import may_search
from leads.admin.viewing import Viewer
from leads.mapping import registry
from leads.models import EnrichmentRun, Lead, LeadSearch, SearchJob
from leads.permissions import FORGET_LEAD, SPEND_CREDITS, VIEW_FOUND_VALUES
from tests.leads.admin_pages import confirm_forgetting, list_page, row_page, run_action

pytestmark = pytest.mark.django_db

FOUND, BEFORE, BODY = "found@firm.com", "before@firm.com", "body@firm.com"
MODELS = ("lead", "searchjob", "leadsearch", "enrichmentrun", "webhookevent")
OURS = ("spend_credits", "view_found_values", "forget_lead")
# What users have: nothing; each single permission; all rights of the models and none of ours; these and each of ours.
SINGLE = [*(f"{verb}_{model}" for model in MODELS for verb in ("view", "change")), *OURS]
EVERY_MODEL = tuple(f"{verb}_{model}" for model in MODELS for verb in ("view", "change"))
USERS = [(), *((name,) for name in SINGLE), EVERY_MODEL, *((*EVERY_MODEL, name) for name in OURS)]
GIVING = (*EVERY_MODEL, "spend_credits", "view_found_values")
OPERATING = ("change_searchjob", "spend_credits", "view_lead")


@dataclass(frozen=True, kw_only=True)
class Way:
    """An action: on which row it is taken, what is posted, whether something happened, and who may."""

    name: str
    row: Callable[[], object]
    happened: Callable[[], bool]
    # Any of these sets of permissions is enough.
    needs: tuple[frozenset[str], ...]
    model: type = SearchJob

    @property
    def has_page(self) -> bool:
        """Whether it asks before anything happens."""
        return self.name in {"find_email", "find_phone", "forget", "retry", "resend", "give", "drop", "replay"}


def needs(*sets: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(one.split()) for one in sets)


def job(state):
    return SearchJob.objects.get(last_error=state)


def is_other(state):
    return lambda: job(state).state != state if SearchJob.objects.filter(last_error=state) else True


SPENDING_JOB = needs("change_searchjob spend_credits view_lead", "change_searchjob spend_credits change_lead")
WAYS = [
    *(
        Way(
            name=kind,
            model=Lead,
            row=lambda: Lead.objects.get(crm_id="new"),
            happened=lambda: LeadSearch.objects.filter(crm_id="new").exists(),
            needs=needs("spend_credits view_lead", "spend_credits change_lead"),
        )
        for kind in ("find_email", "find_phone")
    ),
    Way(
        name="forget",
        model=Lead,
        row=lambda: Lead.objects.get(crm_id="new"),
        happened=lambda: not Lead.objects.filter(crm_id="new").exists(),
        needs=needs("forget_lead view_lead", "forget_lead change_lead"),
    ),
    Way(name="retry", row=lambda: job("failed"), needs=SPENDING_JOB, happened=lambda: SearchJob.objects.count() > 4),
    Way(name="resend", row=lambda: job("unconfirmed"), needs=SPENDING_JOB, happened=is_other("unconfirmed")),
    Way(name="resume", row=lambda: job("held"), needs=SPENDING_JOB, happened=is_other("held")),
    Way(
        name="check_now",
        row=lambda: job("held"),
        needs=SPENDING_JOB,
        happened=lambda: job("held").next_check_at.year < 2100,
    ),
    Way(name="cancel", row=lambda: job("held"), needs=needs("change_searchjob"), happened=is_other("held")),
    Way(
        name="give_up",
        row=lambda: job("unconfirmed"),
        needs=needs("change_searchjob"),
        happened=is_other("unconfirmed"),
    ),
    Way(
        name="give",
        model=LeadSearch,
        row=lambda: LeadSearch.objects.get(effect="aside"),
        happened=lambda: not LeadSearch.objects.filter(effect="aside").exists(),
        needs=needs(
            "change_leadsearch spend_credits view_found_values view_lead",
            "change_leadsearch spend_credits view_found_values change_lead",
        ),
    ),
    Way(
        name="drop",
        model=LeadSearch,
        row=lambda: LeadSearch.objects.get(effect="aside"),
        happened=lambda: not LeadSearch.objects.filter(effect="aside").exists(),
        needs=needs("change_leadsearch"),
    ),
    *(
        Way(
            name=name,
            model=EnrichmentRun,
            row=EnrichmentRun.objects.get,
            happened=lambda state=state: EnrichmentRun.objects.get().state == state,
            needs=allowed,
        )
        for name, state, allowed in (
            (
                "resume",
                "running",
                needs("change_enrichmentrun spend_credits view_lead", "change_enrichmentrun spend_credits change_lead"),
            ),
            ("cancel", "cancelled", needs("change_enrichmentrun")),
        )
    ),
    Way(
        name="replay",
        model=WebhookEvent,
        row=WebhookEvent.objects.get,
        happened=lambda: WebhookEvent.objects.get().state == "received",
        needs=needs("change_webhookevent"),
    ),
]
each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.model._meta.model_name}-{way.name}")


@pytest.fixture
def rows(sandbox):
    """One row of everything that can be decided about or that holds a value."""
    run = EnrichmentRun.objects.create(
        model="leads.lead", kinds="find_email", state="paused", planned_at="2026-01-01T00:00Z"
    )
    for name in ("new", "old"):
        Lead.objects.create(
            crm_id=name,
            firstname=f"Ann {name}",
            lastname="Somebody",
            company_domain=f"{name}.com",
            linkedin_url=f"https://www.linkedin.com/in/{name}/",
        )
    for state in ("finished", "failed", "unconfirmed", "held"):
        # While its run is paused, no held job goes on.
        of = uuid.uuid4() if state == "held" else run.pk
        one = SearchJob.objects.create(
            run=of, kind="find_email", state=state, requested=1, last_error=state, credits_reserved=1,
            next_check_at="2100-01-01T00:00Z", written_at="2026-01-01T00:00Z" if state in SearchJob.ENDED else None,
        )  # fmt: skip
        outcome = {"finished": "found", "failed": "error"}.get(state, "pending")
        LeadSearch.objects.create(
            job=one, model="leads.lead", crm_id="old" if state in SearchJob.ENDED else f"{state}-lead",
            kind="find_email", position=0, outcome=outcome, value=FOUND if outcome == "found" else "",
            value_before=BEFORE,
        )  # fmt: skip
    for state in ("unconfirmed", "held"):
        Lead.objects.create(crm_id=f"{state}-lead", firstname="Bob", lastname=state, company_domain="firm.com")
    LeadSearch.objects.create(
        job=job("finished"), crm_id="who", kind="find_email", outcome="found", effect="aside", value=FOUND
    )
    SearchJob.objects.filter(last_error="finished").update(kept_aside=1)
    WebhookEvent.objects.create(
        event="bulk", enrow_id="e", reference=str(job("finished").pk), payload=f'{{"email": "{BODY}"}}', state="ignored"
    )


def browser(codenames) -> Client:
    user = User.objects.create_user(f"user-{len(User.objects.all())}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    assert user.user_permissions.count() == len(codenames)
    client = Client()
    client.force_login(user)
    return client


def may(codenames, sets) -> bool:
    return any(one <= set(codenames) for one in sets)


def test_the_full_names_are_those_of_the_database():
    """What code asks for is what migrations make."""
    for name in (SPEND_CREDITS, VIEW_FOUND_VALUES, FORGET_LEAD):
        app, codename = name.split(".")
        assert Permission.objects.get(codename=codename).content_type.app_label == app == "leads"
    assert User(is_superuser=True, is_active=True).has_perms([SPEND_CREDITS, VIEW_FOUND_VALUES, FORGET_LEAD])


each_user = pytest.mark.parametrize(
    "codenames", [*USERS, GIVING, OPERATING], ids=lambda names: "+".join(names[-3:]) or "none"
)
CONFIRMED = {"confirm": "1", "max_credits": "100", "crm_id": "old"}


def offered(client, model) -> set[str]:
    """Return the actions of a list."""
    listed = client.get(list_page(model))
    return set(re.findall(r'<option value="([^"]+)"', listed.content.decode())) if listed.status_code == 200 else set()


@each_way
def test_who_lacks_a_permission_is_not_offered_the_action_and_does_nothing_by_it(rows, way):
    """Neither its page nor the confirmation; also who has all permissions that it needs but one."""
    most = [one - {name} for one in way.needs for name in one]
    for codenames in {*map(frozenset, USERS), *most}:
        if may(codenames, way.needs):
            continue
        client = browser(codenames)
        # A list does not know whose leads its rows are about; and to check a running job spends nothing.
        known = [one - {"view_lead", "change_lead"} for one in way.needs if way.model is not Lead] or way.needs
        assert may(codenames, known) or way.name not in offered(client, way.model) - {"check_now"}
        for posted in ({}, CONFIRMED):
            response = run_action(client, way.name, [way.row()], model=way.model, **posted)
            assert not way.happened(), codenames
            assert "Nothing has been spent" not in response.content.decode()


@pytest.mark.parametrize("place", [0, -1], ids=["view", "change"])
@each_way
def test_who_has_the_permissions_of_an_action_takes_it(rows, way, place):
    """Each set that is enough is enough alone; what has a page shows it first, and what was decided is written down."""
    client = browser(way.needs[place])
    assert way.name in offered(client, way.model)
    if way.has_page:
        run_action(client, way.name, [way.row()], model=way.model)
        assert not way.happened()
    if way.name == "forget":
        confirm_forgetting(client, [way.row()])
    else:
        run_action(client, way.name, [way.row()], model=way.model, **CONFIRMED)
    assert way.happened()
    told = [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.filter(user__is_staff=True)]
    # Who searched stands in the run; to check a job decides nothing.
    assert bool(told) == (way.name not in {"find_email", "find_phone", "check_now"})
    assert not [value for value in (FOUND, BEFORE, BODY) if value in str(told)]


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_button_and_its_page_are_for_who_may_spend_on_the_lead(rows, method):
    """Without the permissions there is no button, and a typed address is refused."""
    lead, enough = Lead.objects.get(crm_id="new"), needs("spend_credits view_lead", "spend_credits change_lead")
    url = reverse("admin:leads_lead_enrich", args=[lead.pk, "find_email"])
    for codenames in sorted(USERS, key=lambda names: may(names, enough)):
        client, is_allowed = browser(codenames), may(codenames, enough)
        assert ("enrichlink" in client.get(row_page(lead)).content.decode()) == is_allowed
        answer = getattr(client, method)(url, CONFIRMED)
        assert (answer.status_code != 403) == is_allowed
        assert LeadSearch.objects.filter(crm_id="new").exists() == (is_allowed and method == "post")


def pages() -> list[str]:
    every = [model for label in ("leads", "enrow_webhooks") for model in apps.get_app_config(label).get_models()]
    shown = [model for model in every if model in {Lead, SearchJob, LeadSearch, EnrichmentRun, WebhookEvent}]
    return [
        *(list_page(model) for model in shown),
        *(row_page(row) for model in shown for row in model.objects.all()),
        list_page(LeadSearch, crm_id="old"),
        reverse("admin:leads_searchjob_credits"),
        reverse("admin:enrow_webhooks_status"),
    ]


@each_user
def test_found_values_are_shown_to_who_may_view_them(rows, codenames):
    """On no page of ours to anybody else; pages without a value are the same for all."""
    client = browser(codenames)
    shown = "".join(client.get(url).content.decode() for url in pages())
    for name, action in (("drop", {}), ("give", {})):
        shown += run_action(client, name, LeadSearch.objects.filter(effect="aside"), **action).content.decode()
    shown += run_action(client, "replay", WebhookEvent.objects.all()).content.decode()
    for value in (FOUND, BEFORE, BODY):
        if "view_found_values" not in codenames:
            assert value not in shown
        elif set(EVERY_MODEL) <= set(codenames):
            assert value in shown


@pytest.mark.parametrize("model", [LeadSearch, WebhookEvent])
def test_no_address_tells_by_its_rows_what_is_not_shown(rows, model):
    """``?value__startswith=a`` and the like are refused, for whom the value is not shown."""
    name = "value" if model is LeadSearch else "payload"
    blind, seeing = browser(EVERY_MODEL), browser((*EVERY_MODEL, "view_found_values"))
    for lookup in (name, f"{name}__startswith", f"{name}__regex"):
        assert blind.get(list_page(model, **{lookup: "f"})).status_code == 400
        assert seeing.get(list_page(model, **{lookup: "f"})).status_code == 200


@each_user
def test_no_link_answers_403(rows, codenames):
    """Whatever a user sees, each link of it opens."""
    client = browser(codenames)
    shown = [answer.content.decode() for answer in map(client.get, pages()) if answer.status_code == 200]
    linked = {unescape(url) for page in shown for url in re.findall(r'href="(/admin/[^"#]+)"', page)}
    for url in linked:
        assert client.get(url).status_code in {200, 302}, url


@pytest.mark.parametrize("has_page", [False, True])
def test_a_model_without_our_page_asks_for_the_same(rf, has_page):
    """The project shows its leads by a page of its own, or not at all; jobs about them ask for credits all the same."""
    site = AdminSite(name="other")
    if has_page:
        site.register(Lead, ModelAdmin)
    for codenames in ((), ("view_lead",), ("spend_credits",), ("spend_credits", "view_lead")):
        request = rf.get("/")
        request.user = User.objects.create_user(f"user {codenames}", is_staff=True)
        request.user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        may_spend = may_search(Viewer(site=site, request=request), registry.of(Lead))
        assert may_spend == (set(codenames) == {"spend_credits", "view_lead"})
