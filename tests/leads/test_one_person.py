"""What trials found: one person under many spellings, words for nothing, and hosts that are no company."""

from __future__ import annotations

import pytest

from leads.models import Lead, LeadSearch
from tests.commands import run
from tests.conftest import work

pytestmark = pytest.mark.django_db(transaction=True)

SPELLINGS = """\
crm_id,fullname,company_domain
nfc,René Somebody,acme.example.com
nfd,Rene\u0301 Somebody,acme.example.com
bidi,\u202aRené Somebody\u202c,acme.example.com
wj,René\u2060 Somebody,acme.example.com
caps,RENÉ SOMEBODY,https://www.acme.example.com/
title,"Dr. René Somebody, PhD 🚀",acme.example.com
order,"Somebody, René",acme.example.com
"""
PLACEHOLDERS = """\
crm_id,fullname,company_domain,linkedin_url,email,phone
1,Ann Smith,acme.example.com,https://www.linkedin.com/in/ann-smith-1,n/a,N/A
2,Bob Jones,n/a,-,-,-
3,Cy Brown,acme.example.com,#N/A,#N/A,#N/A
4,Dee Black,NULL,null,NULL,null
5,Eve White,acme.example.com,,none@none.com,0
6,Fay Green,acme.example.com,,ann at acme.example.com,1.57E+10
"""
NO_COMPANIES = """\
crm_id,fullname,company_domain,linkedin_url
1,Jane Doe,gmail.com,
2,Jane Doe,https://www.facebook.com/acme,
3,Jane Doe,https://www.google.com/url?q=https://acme.example.com,
4,Jane Doe,https://linktr.ee/acme,
"""


def test_a_person_is_bought_once_under_every_spelling(csv_file):
    """However the name was typed, one is searched and the others share it."""
    run("import_leads", csv_file(SPELLINGS))

    assert "1 to search, 6 shared" in run("enrich_leads", "--find", "email", dry_run=True).out


def test_words_for_nothing_keep_nobody_from_being_searched(csv_file):
    """Nobody "already has" one; who has no company at all is told that, and the others are searched."""
    run("import_leads", csv_file(PLACEHOLDERS))

    for word, label in (("email", "find e-mail"), ("phone", "find phone")):
        out = run("enrich_leads", "--find", word, dry_run=True).out
        assert f"{label}, 6 asked for: 4 to search" in out
        assert "already has" not in out
        assert "2: It has no company" in out
        assert "4: It has no company" in out


def test_what_was_no_value_is_written_over(site, make_leads):
    """A host's own rows are full of such words too: what is found takes their place."""
    make_leads(2)
    Lead.objects.filter(crm_id="lead-0").update(email="n/a")
    Lead.objects.filter(crm_id="lead-1").update(email="ask Bob")

    run("enrich_leads", "--find", "email")
    work(site)

    assert sorted(LeadSearch.objects.values_list("value_before", "effect")) == [
        ("ask Bob", "written"),
        ("n/a", "written"),
    ]
    assert all("@" in email for email in Lead.objects.values_list("email", flat=True))


def test_an_edit_of_what_was_no_value_wins(site, make_leads):
    """A person who types the address meanwhile keeps it."""
    make_leads(1)
    Lead.objects.update(email="n/a")
    run("enrich_leads", "--find", "email")
    Lead.objects.update(email="own@acme.com")

    work(site)

    assert Lead.objects.get().email == "own@acme.com"


def test_nothing_is_bought_at_a_host_that_is_no_company(csv_file):
    """None is searched, and the command says why; it shows three of a kind."""
    run("import_leads", csv_file(NO_COMPANIES))

    out = run("enrich_leads", "--find", "email", dry_run=True).out

    assert out.count("write the company's domain.") == 3
    assert ": 0 to search" in out


def test_two_members_share_no_phone(csv_file):
    """Two ids of members that differ in their capitals alone are two persons."""
    member = "https://www.linkedin.com/in/ACoAAABcdEfGhIjKlMnOpQrStUvWxYz012"
    run("import_leads", csv_file(f"crm_id,linkedin_url\n1,{member}\n2,{member.lower()}\n3,{member}/?trk=x\n"))

    assert "2 to search, 1 shared" in run("enrich_leads", "--find", "phone", dry_run=True).out
