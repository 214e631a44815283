"""The CRM's own code, which its tests are about."""

from django.db import transaction
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt

from crm.models import Contact
from leads.enrichment import enrich


def look_up(contact):
    enrich(Contact.objects.filter(pk=contact.pk), find={"email"}, max_credits=1)


@csrf_exempt
@transaction.atomic
def add_contact(request):
    """Save a new contact, and look for their address once that is committed."""
    contact = Contact.objects.create(name=request.POST["name"], company=request.POST["company"])
    transaction.on_commit(lambda: look_up(contact))
    return HttpResponse(str(contact.pk))
