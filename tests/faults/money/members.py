"""Leads of a mapped model, beside leads.Lead: they are the same people, and their table takes each number once."""

from __future__ import annotations

from django.db.models import QuerySet
from hypothesis import strategies as st
from hypothesis.stateful import rule

from enrow_webhooks.sandbox import people
from leads.enrichment import enrich, enrich_later
from leads.models import LeadSearch
from tests.crm.models import Member
from tests.faults.money import world
from tests.faults.money.crm import a_person, spellings
from tests.faults.money.orders import Orders, finds
from tests.faults.money.scene import pick, rarely, which

PREFIX = "member-"


class Members(Orders):
    """What is asked for the leads of another model; who is one person is bought once for both."""

    def __init__(self, *args):
        super().__init__(*args)
        # Also those that are hidden: they keep their numbers.
        QuerySet(Member).delete()
        # By primary key: who a member is; who was somebody else before has no simple end.
        self.members, self.changed = {}, set()

    @rule(persons=st.lists(a_person, min_size=1, max_size=3), spelling=spellings)
    def add_members(self, persons, spelling=0):
        for person in persons:
            member = Member.objects.create(mobile=None, **member_fields(person, spelling))
            self.members[member.pk] = person

    @rule(find=finds, later=rarely)
    def order_members(self, find, later=False):
        words = {"find": find[0], "verify": find[1]}
        if later:
            self.books.stored(enrich_later(Member.objects.all(), **words, max_credits=None), None, force=False)
        else:
            self.ordered(enrich(Member.objects.all(), **words), force=False)

    @rule(number=which, person=a_person)
    def another_becomes_a_member(self, number, person):
        if pk := pick(self.members, number):
            Member.objects.filter(pk=pk).update(**member_fields(person, 0), mail="", mail_state="", mobile=None)
            Member.objects.filter(pk=pk).update(mobile_state="")
            self.members[pk] = person
            self.changed.add(pk)
            self.did("a member became another")

    def members_are_right(self):
        """Assert that each value is of the person whom the member is, and that what is said of it is true."""
        for member in Member.objects.all():
            person = self.members[member.pk]
            assert member.mail in {"", world.truth(person, "email")}, f"{member.pk}: {member.mail!r} is not of {person}"
            assert (member.mobile or "") in {"", world.truth(person, "phone")}, f"{member.pk}: {member.mobile!r}"
            if member.mail_state in {"valid", "invalid"}:
                assert people.verify(member.mail) == (member.mail_state == "valid")

    def members_ended_well(self):
        """Assert that what was found for a member is there, or that the table refused it: another has the number."""
        found = LeadSearch.objects.found().filter(crm_id__startswith=PREFIX).exclude(kind="verify_email")
        for search in found.exclude(effect__in=["orphan", "stale", "changed", "aside"]):
            pk, field = int(search.crm_id.removeprefix(PREFIX)), {"find_email": "mail", "find_phone": "mobile"}
            field = field[search.kind]
            if pk in self.changed or getattr(Member.objects.get(pk=pk), field):
                self.effects[f"a {field} of a member"] += 1
                continue
            assert search.effect == "refused", f"{search.crm_id} lacks a {field} that was found: {search.effect}"
            assert search.error, f"{search.crm_id} is not told why"
            has_one = QuerySet(Member).filter(**{field: search.value}).exists()
            assert has_one or self.changed, f"{search.crm_id} was refused by nobody: {search.value!r}, {search.error}"
            self.did("a number that another member has")


def member_fields(person: world.Person, spelling: int) -> dict[str, str]:
    """Return the input fields of a member."""
    fields = world.inputs(person, spelling)
    name = fields["fullname"] or f"{fields['firstname']} {fields['lastname']}"
    return {"name": name, "domain": fields["company_domain"], "linkedin": fields["linkedin_url"]}
