"""Use the admin of that project as a person does, and print what was seen: ``python -m tests.admins.probe``."""

from __future__ import annotations

import json
import re
from html import unescape

import django
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse

from enrow_webhooks.wake import run_task

ACTIONS = ("find_email", "verify_email", "find_phone", "forget")
# What comes while a form is open.
FOUND = "ann@firm.com"


def seen():
    """Return what each page shows and does."""
    firm = apps.get_model("admins", "Firm").objects.create(name="Firm")
    contact = apps.get_model("admins", "Contact").objects.create(name="Ann Somebody", domain="firm.com", firm=firm)
    browser = Client()
    browser.force_login(apps.get_model("auth", "User").objects.create_superuser("boss"))
    return {
        "list": look_at_list(browser),
        "action": run_action(browser, contact),
        "button": press_button(browser, contact),
        "form": save(browser, contact, "contact_change", contact.pk, {"name": "Other"}),
        "inline": save(browser, contact, "firm_change", firm.pk, {"contact_set-0-name": "Third"}),
        "list, edited": save(browser, contact, "contact_changelist", None, {"form-0-name": "Fourth", "_save": "Save"}),
        "history": browser.get(page("contact_history", contact.pk)).status_code,
        "first version": revert(browser, contact),
        "export": export(browser),
        "files": take_files(browser),
    }


def take_files(browser):
    """Import by the list's button, then export by the other."""
    shown = text(browser.get(page("contact_changelist")))
    buttons = {name: re.search(rf'href="([^"]+/enrow-{name}/[^"]*)"', shown) for name in ("import", "export")}
    sent = SimpleUploadedFile("people.csv", b"name,domain\nBob Low,low.com\n")
    file = browser.post(unescape(buttons["import"][1]), {"file": sent})["Location"]
    run_task("leads.import_files")
    asked = browser.get(file)
    browser.post(f"{file.removesuffix('change/')}decide/", fields_of(asked) | {"decide": "import"})
    run_task("leads.import_files")
    table = b"".join(browser.get(unescape(buttons["export"][1])).streaming_content).decode()
    return ["Will be new leads" in text(asked), "are done." in text(browser.get(file)), "Bob Low" in table]


def page(name, *args):
    return reverse(f"admin:admins_{name}", args=[arg for arg in args if arg])


def text(answer):
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def fields_of(answer):
    """Return what a browser would send back: inputs, hidden ones too, and the chosen options."""
    html, fields = text(answer), {}
    for tag in re.findall(r"<input[^>]*>", html):
        name, value = re.search(r'\bname="([^"]+)"', tag), re.search(r'\bvalue="([^"]*)"', tag)
        if name and not re.search(r'type="(submit|checkbox|radio)"', tag):
            fields[name[1]] = unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select[^>]*\bname="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)"[^>]*\bselected', options)
        fields[name] = chosen[1] if chosen else ""
    return fields


def look_at_list(browser):
    url = page("contact_changelist")
    shown = text(browser.get(url))
    answers = [browser.get(url, query) for query in ({"enrow_email": "unchecked"}, {"enrow_email": "valid"})]
    return {
        "actions": [action for action in ACTIONS if f'value="{action}"' in shown],
        "filters": [name for name in ("enrow_email", "enrow_phone") if name in shown],
        "narrowed": [len(answer.context_data["cl"].result_list) for answer in answers if text(answer)],
        "with counts": "never tried" in text(browser.get(url, {"_facets": "True"})),
    }


def run_action(browser, contact):
    url, chosen = page("contact_changelist"), {"_selected_action": [contact.pk]}
    search = text(browser.post(url, {"action": "find_email", **chosen}))
    forget = text(browser.post(url, {"action": "forget", **chosen}))
    return ["Nothing has been spent yet." in search, "This cannot be undone." in forget]


def press_button(browser, contact):
    form = text(browser.get(page("contact_change", contact.pk)))
    urls = [unescape(url) for url in re.findall(r'href="([^"]+/enrich/[^"]+)"', form)]
    asked = browser.get(urls[0])
    done = browser.post(urls[0], fields_of(asked) | {"confirm": "Confirm", "max_credits": "1"}, follow=True)
    searches = apps.get_model("leads", "LeadSearch").objects.values_list("crm_id", "kind", "outcome")
    return {
        "buttons": [url.split("/")[-2] for url in urls],
        "asks": "Nothing has been spent yet." in text(asked),
        "searches": list(searches),
        "says so": "1 queued" in text(done),
        "history": "boss" in text(done) and "at most 1.00" in text(done),
    }


def save(browser, contact, name, key, edited):
    """Save a page in which a name was edited, while a result came."""
    type(contact).objects.update(email="")
    url = page(name, key)
    form = fields_of(browser.get(url))
    type(contact).objects.update(email=FOUND)
    answer = browser.post(url, form | {"action": ""} | edited)
    assert answer.status_code == 302, answer.context_data.get("errors")
    contact.refresh_from_db()
    return [contact.name, contact.email]


def revert(browser, contact):
    """Bring the first version back, where the library does that: its address is blank."""
    if not hasattr(contact, "history"):
        return None
    url = page("contact_simple_history", contact.pk, contact.history.earliest().pk)
    answer = browser.post(url, fields_of(browser.get(url)))
    assert answer.status_code == 302
    contact.refresh_from_db()
    return [contact.name, contact.email]


def export(browser):
    """Export what the list was narrowed to, where the library does that."""
    try:
        url = page("contact_export")
    except NoReverseMatch:
        return None
    form = fields_of(browser.get(url, {"enrow_email": "searching"}))
    names = {f"contactresource_{name}": "on" for name in ("id", "name")}
    answer = browser.post(f"{url}?enrow_email=searching", form | {"format": "0", "resource": "0"} | names)
    return text(answer).split()


if __name__ == "__main__":
    django.setup()
    call_command("migrate", verbosity=0, run_syncdb=True)
    call_command("check", verbosity=0)
    print(json.dumps(seen()))
