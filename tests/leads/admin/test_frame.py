"""Pages of our own in the admin have the frame of Django's pages, in the markup of the Django that is installed.

Django changes that markup: breadcrumbs were a ``div`` in 5.2 and are an ``ol`` in 6.1. So nothing here says what it
is. Each page is compared with one of Django's own that stands at the same place. ``nox`` runs this on every Django.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import django
import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.actions import delete_selected
from django.http import HttpRequest
from django.urls import path, reverse

from config.urls import urlpatterns as demo
from enrow_webhooks.models import WebhookEvent
from leads.admin import EnrichmentRuleAdmin, FileImportAdmin, JobEventAdmin, LeadAdmin, LeadSearchAdmin, SearchJobAdmin
from leads.models import EnrichmentRuleState, EnrichmentRun, FileImport, Lead, LeadSearch, SearchJob
from leads.rules import EnrichmentRule
from noxfile import MATRIX
from tests.leads.admin_frame import Element, links, metas, nonces, one, read, skeleton, stylesheets
from tests.leads.admin_pages import fill, run_action, text

# A second admin site, as large projects have them: its pages must not lead to the first one.
sales = admin.AdminSite("sales")
sales.register(Lead, LeadAdmin)
sales.register(SearchJob, SearchJobAdmin)
sales.register(LeadSearch, LeadSearchAdmin)
sales.register(WebhookEvent, JobEventAdmin)
sales.register(EnrichmentRuleState, EnrichmentRuleAdmin)
sales.register(FileImport, FileImportAdmin)
urlpatterns = [*demo, path("sales/", sales.urls)]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

ROOT = Path(__file__).resolve().parents[3]
# Each page with the model whose list it belongs to, and the address or the action that opens it.
PAGES = {
    "admin/enrow_webhooks/status.html": (WebhookEvent, "admin:enrow_webhooks_status"),
    "admin/enrow_webhooks/replay_confirmation.html": (WebhookEvent, "replay"),
    "admin/leads/credits.html": (SearchJob, "admin:leads_searchjob_credits"),
    "admin/leads/rules.html": (EnrichmentRuleState, "admin:leads_enrichmentrulestate_changelist"),
    "admin/leads/aside_confirmation.html": (LeadSearch, "drop"),
    "admin/leads/resend_confirmation.html": (SearchJob, "resend"),
    "admin/leads/retry_confirmation.html": (SearchJob, "retry"),
    "admin/leads/enrich_confirmation.html": (Lead, "find_email"),
    "admin/leads/forget_confirmation.html": (Lead, "forget"),
    "admin/leads/upload.html": (Lead, "admin:leads_lead_enrow_import"),
    "admin/leads/file_import.html": (FileImport, "admin:leads_fileimport_change"),
    "admin/leads/put_back.html": (Lead, "its own page"),
}
# Lists of Django's with buttons of ours, and the parts that we put into Django's page of one row.
LISTS = {
    "admin/enrow_webhooks/webhookevent/change_list.html": WebhookEvent,
    "admin/leads/searchjob/change_list.html": SearchJob,
    "admin/leads/file_list.html": Lead,
}
PARTS = {
    "admin/leads/searches.html": Lead,
    "admin/leads/events.html": SearchJob,
    "admin/leads/run_progress.html": EnrichmentRun,
    "admin/leads/file_box.html": FileImport,
}

each_page = pytest.mark.parametrize("template", PAGES)
each_list = pytest.mark.parametrize("template", LISTS)
on_each_site = pytest.mark.parametrize("site", [admin.site, sales], ids=lambda site: site.name)


@pytest.fixture(autouse=True)
def rows(make_leads, enrow, admin_user):
    """Something to decide about: leads, jobs that failed or got no answer, an event, a rule, a file."""
    FileImport.objects.create(model="leads.lead", name="leads.csv", user=str(admin_user.pk), state="ready")
    fill(2)
    enrow(RULES=[EnrichmentRule("new", "leads.Lead", find={"email"}, daily_credits=20)])
    LeadSearch.objects.filter(pk=LeadSearch.objects.latest("pk").pk).update(effect="aside")
    make_leads(1)
    EnrichmentRun.objects.create(model="leads.lead", kinds="find_email")
    SearchJob.objects.filter(enrow_id="row-1").update(state="unconfirmed")
    WebhookEvent.objects.filter(enrow_id="row-1").update(state="dead")
    # A value that was written onto the lead, and cost something.
    SearchJob.objects.update(credits_reserved=1)
    Lead.objects.filter(crm_id="lead-0").update(email="found@firm.com")
    first = {"job": SearchJob.objects.first(), "model": "leads.lead", "crm_id": "lead-0", "kind": "find_email"}
    LeadSearch.objects.create(**first, outcome="found", effect="written", value="found@firm.com")


def url(site, model, page, *args) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    return reverse(name, args=args, current_app=site.name)


def open_page(client, template, site):
    """Open a page of ours as a person does: by its link, or by an action for all rows of a list."""
    model, way = PAGES[template]
    if way.endswith("_change"):
        return client.get(reverse(way, args=[model.objects.get().pk], current_app=site.name))
    if way.startswith("admin:"):
        return client.get(reverse(way, current_app=site.name))
    if way == "its own page":
        lead, search = Lead.objects.get(crm_id="lead-0"), LeadSearch.objects.get(crm_id="lead-0")
        return client.get(url(site, model, "put_back", lead.pk, search.pk))
    return run_action(client, way, model.objects.all(), page=url(site, model, "changelist"))


def djangos_page(model, request: HttpRequest, site) -> Element:
    """Return the page of Django's that stands where ours do: Home, app, model, what is about to be done."""
    response = delete_selected(admin.ModelAdmin(model, site), request, model.objects.none())
    return read(response.render().content.decode())


class DjangosList(admin.ModelAdmin):
    """The list without the template that we put in its place."""

    change_list_template = "admin/change_list.html"


@on_each_site
@each_page
def test_a_page_has_the_frame_of_djangos_own(admin_client, template, site):
    """Header, breadcrumbs, menu, title, footer and languages are the same elements, with the same classes and links."""
    response = open_page(admin_client, template, site)
    assert template in {used.name for used in response.templates}
    ours = read(text(response))
    model, _way = PAGES[template]
    theirs = djangos_page(model, response.wsgi_request, site)

    assert skeleton(ours) == skeleton(theirs)
    assert metas(ours) == metas(theirs)
    assert stylesheets(ours) >= stylesheets(theirs)


@each_page
def test_a_page_says_where_it_is(admin_client, template):
    """Title, heading and the end of the breadcrumbs are the page's name; what is before that is Django's."""
    response = open_page(admin_client, template, admin.site)
    title, ours = str(response.context["title"]), read(text(response))
    theirs = djangos_page(PAGES[template][0], response.wsgi_request, admin.site)

    assert one(ours, tag="h1").words() == title
    assert one(one(ours, tag="head"), tag="title").words() == f"{title} | Django site admin"
    way, djangos_way = (one(page, name="breadcrumbs").words() for page in (ours, theirs))
    assert djangos_way.endswith(" Delete multiple objects")
    assert way == djangos_way.removesuffix("Delete multiple objects") + title


@on_each_site
@each_list
def test_a_list_has_the_frame_of_djangos_own(admin_client, template, site):
    """Our buttons stand among Django's, beside the title."""
    response = admin_client.get(url(site, LISTS[template], "changelist"))
    assert template in {used.name for used in response.templates}
    plain = DjangosList(LISTS[template], site).changelist_view(response.wsgi_request)
    ours, theirs = read(text(response)), read(plain.render().content.decode())

    assert skeleton(ours) == skeleton(theirs)
    tools = one(ours, name="object-tools")
    assert links(tools)
    assert [element.tag for element in tools.every() if element.tag != "a"] == ["ul", *["li"] * len(links(tools))]


@each_page
def test_no_link_leads_to_another_site(admin_client, template):
    """Who works on a second admin site stays there, also by the links in the page's content."""
    page = read(text(open_page(admin_client, template, sales)))
    assert not [address for address in links(page) if address.startswith("/admin/")]


def nonce(request) -> dict[str, str]:
    """Tell templates what a Content Security Policy asks of each script and style sheet."""
    return {"csp_nonce": "once"}


@each_page
def test_a_page_passes_the_content_security_policy_that_djangos_pass(admin_client, template, settings):
    """Where Django marks scripts and style sheets with the nonce, the page's are marked too, all of them."""
    (engine,) = settings.TEMPLATES
    processors = [*engine["OPTIONS"]["context_processors"], f"{__name__}.nonce"]
    settings.TEMPLATES = [engine | {"OPTIONS": engine["OPTIONS"] | {"context_processors": processors}}]
    response = open_page(admin_client, template, admin.site)
    theirs = djangos_page(PAGES[template][0], response.wsgi_request, admin.site)
    assert nonces(read(text(response))) == nonces(theirs)


@each_page
def test_the_form_of_a_page_ends_as_djangos_forms_do(admin_client, template):
    """Confirm and Cancel stand in Django's row of buttons, and its style sheet is there."""
    page = read(text(open_page(admin_client, template, admin.site)))
    buttons = [element for element in page.every() if element.attributes.get("name") == "confirm"]
    if PAGES[template][1].startswith("admin:"):
        assert not buttons
        return
    row = one(page, name="submit-row")
    assert row.elements[0] is buttons[0]
    model, way = PAGES[template]
    own = way == "its own page" and url(admin.site, model, "change", Lead.objects.get(crm_id="lead-0").pk)
    assert links(row) == [own or url(admin.site, model, "changelist")]
    assert any(address.endswith("admin/css/forms.css") for address in stylesheets(page))


def test_no_template_of_ours_is_left_out(admin_client):
    """A new page, list or part that no test here opens fails."""
    responses = [
        *(open_page(admin_client, template, admin.site) for template in PAGES),
        *(admin_client.get(url(admin.site, model, "changelist")) for model in LISTS.values()),
        *(admin_client.get(url(admin.site, model, "change", model.objects.first().pk)) for model in PARTS.values()),
    ]
    opened = {template.name for response in responses for template in response.templates}
    folders = [Path(apps.get_app_config(app).path) / "templates" for app in ("enrow_webhooks", "leads")]
    ours = {file.relative_to(folder).as_posix() for folder in folders for file in folder.rglob("*.html")}
    assert ours >= {*PAGES, *LISTS, *PARTS}
    assert ours <= opened


def test_every_django_that_we_promise_is_compared():
    """The installed Django is one that the package names, and nox runs this file on each of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    prefix = "Framework :: Django :: "
    promised = {name.removeprefix(prefix) for name in project["classifiers"] if name.startswith(prefix)}
    assert {version for _python, version in MATRIX} == promised
    assert ".".join(map(str, django.VERSION[:2])) in promised
