"""What is in the rows at the end, beside what has to be there."""

import json
import urllib.request
from collections import Counter
from decimal import Decimal

from django.conf import settings

from crm.cast import TWINS, cast
from crm.filling import LONG_AGO
from crm.models import Address, Candidate, Contact, ContactAudit, Person
from enrow_webhooks.models import WebhookEvent
from leads.models import Lead, LeadEnrichment, LeadSearch, SearchJob


def differences():
    """Yield everything that is not as it has to be, in a sentence each."""
    refused = set(LeadSearch.objects.filter(effect="refused").values_list("crm_id", flat=True))
    yield from of_twins(refused)
    for table, read in (("contact", contacts), ("candidate", candidates), ("person", people)):
        actual, wanted = read(), {one.crm_id: expected(one, refused) for one in cast(table)}
        yield from (
            f"{crm_id} has {actual.get(crm_id)}, not {values}"
            for crm_id, values in wanted.items()
            if actual.get(crm_id) != values
        )
        if strangers := actual.keys() - wanted.keys():
            yield f"There are other rows: {strangers}"
    yield from of_audit(refused)
    yield from of_searches()
    yield from of_books()


def expected(one, refused):
    """Return address, its status, number, its status and country, and whether the row was touched."""
    email, status = one.email_truth
    if one.crm_id in refused:
        email, status = "", ""
    phone, country, phone_status = one.phone_truth
    is_touched = bool(phone or (email and not one.email))
    if one.table == "candidate" and not one.is_known:  # it has columns for the status of its address
        is_touched = one.is_searched
    if one.table == "person":  # nothing tells
        is_touched = None
    return email, status, phone, phone_status, country, is_touched


def contacts():
    known = beside("contact")
    return {
        f"contact-{pk}": told(email, phone, known.get(str(pk)), changed_at != LONG_AGO)
        for pk, email, phone, changed_at in Contact.everyone.values_list("pk", "work_email", "mobile", "changed_at")
    }


def candidates():
    known, rows = beside("candidate"), {}
    for row in Candidate.objects.all():
        email, _, *rest = told(row.email, row.phone, known.get(str(row.pk)), row.changed_at != LONG_AGO)
        assert bool(row.email_state) == bool(row.email_at), row.pk
        rows[f"candidate-{row.pk}"] = (email, row.email_state, *rest)
    return rows


def people():
    known = beside("person")
    emails = {}
    for code, email in Address.objects.filter(is_main=True).values_list("person__code", "email"):
        emails[code] = f"{emails[code]} {email}" if code in emails else email
    return {
        f"person-{code}": told(emails.get(code), phone, known.get(code), None)
        for code, phone in Person.objects.values_list("code", "mobile")
    }


def beside(table):
    return {row.key: row for row in LeadEnrichment.objects.filter(model=f"crm.{table}")}


def told(email, phone, known, is_touched):
    """Return the values of a row; a status that is about another value is none."""
    email, phone = email or "", phone or ""
    if known is None:
        return email, "", phone, "", "", is_touched
    status = known.email_status if known.email == email else ""
    phone_status = known.phone_status if known.phone == phone else ""
    return email, status, phone, phone_status, known.phone_country if phone else "", is_touched


def of_twins(refused):
    """One of two has the address that the table takes once, the other is refused; nobody else is."""
    pairs = [{f"contact-{number}", f"contact-{number + 1}"} for number in TWINS]
    if len(refused) != len(pairs) or any(len(pair & refused) != 1 for pair in pairs):
        yield f"The table refused {refused}"


def of_audit(refused):
    """The trigger wrote down each change, and nothing else."""
    actual = Counter()
    for row in ContactAudit.objects.all():
        if row.old_email != row.new_email:
            actual[row.contact_id, row.old_email, row.new_email] += 1
        if row.old_mobile != row.new_mobile:
            actual[row.contact_id, row.old_mobile, row.new_mobile] += 1
    wanted = Counter()
    for one in cast("contact"):
        email, phone = expected(one, refused)[0], one.phone_truth[0]
        wanted.update([(one.number + 1, None, email)] if email and not one.email else [])
        wanted.update([(one.number + 1, "", phone)] if phone else [])
    if actual != wanted:
        yield f"The trigger wrote {list((actual - wanted).items())[:5]}, and not {list((wanted - actual).items())[:5]}"


def of_searches():
    """Who must not be searched was not; every event came and was taken, and nothing was polled."""
    may = {one.crm_id for table in ("contact", "candidate", "person") for one in cast(table) if one.is_searched}
    if others := set(LeadSearch.objects.values_list("crm_id", flat=True)) ^ may:
        yield f"Searched by mistake, or not searched: {sorted(others)[:5]}"
    ways = Counter(SearchJob.objects.filter(requested__gt=0).values_list("state", "result_via"))
    if set(ways) != {("finished", "webhook")}:
        yield f"The jobs ended by {ways}"
    states = Counter(WebhookEvent.objects.values_list("state", flat=True))
    if states != {"processed": ways.total()}:
        yield f"Of {ways.total()} jobs the events are {states}"
    if effects := set(LeadSearch.objects.values_list("effect", flat=True)) - {"written", "refused"}:
        yield f"Searches are {effects}"
    if Lead.objects.exists():
        yield "There is a lead in leads.Lead."


def of_books():
    """Each person was bought once for all tables, and both sides say the same of what it cost."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{settings.ENROW['BASE_URL']}/_sandbox/state", timeout=20) as answer:
        state = json.load(answer)
    if state["bought_more_than_once"]:
        yield f"Bought twice: {state['bought_more_than_once']}"
    wanted = set().union(*(one.purchases for table in ("contact", "candidate", "person") for one in cast(table)))
    if state["people"] != len(wanted):
        yield f"Enrow was asked for {state['people']} persons instead of {len(wanted)}."
    if SearchJob.objects.credits() != Decimal(str(state["spent"])):
        yield f"It cost {state['spent']} credits, and we say {SearchJob.objects.credits()}."
