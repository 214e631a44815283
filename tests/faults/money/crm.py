"""People at the CRM: leads come, change, go, and are forgotten."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from leads import forgetting
from leads.models import Lead, LeadSearch
from tests.faults.money import world
from tests.faults.money.scene import Scene, which

a_person = st.sampled_from(world.PEOPLE)
spellings = st.sampled_from(world.SPELLINGS)
typed_values = st.one_of(
    st.tuples(st.just("email"), st.sampled_from(world.EMAILS)),
    st.tuples(st.just("phone"), st.sampled_from(world.PHONES)),
)


class Crm(Scene):
    """What people do to leads, whatever is searched meanwhile."""

    @rule(
        people=st.lists(a_person, min_size=1, max_size=4),
        spelling=spellings,
        email=st.sampled_from(["", *world.EMAILS]),
    )
    def add_leads(self, people, spelling, email=""):
        for person in people:
            self.number_of_leads += 1
            self.create(f"lead-{self.number_of_leads:03}", person, spelling, email)
            # An address that was there is the first one's alone.
            email = ""

    def create(self, crm_id, person, spelling, email=""):
        Lead.objects.create(crm_id=crm_id, **world.inputs(person, spelling), email=email)
        self.books.persons[crm_id] = person
        for key in [(crm_id, "email"), (crm_id, "phone")]:
            for table in (self.books.seen, self.books.typed, self.books.replaceable):
                table.pop(key, None)
            self.books.search_again(key)
            self.books.cleared.discard(key)
            self.books.brought.pop(key, None)
        self.typed(crm_id, "email", email)

    def typed(self, crm_id, field, value):
        self.books.seen[crm_id, field] = self.books.typed[crm_id, field] = value
        self.books.search_again((crm_id, field))
        self.books.cleared.discard((crm_id, field))

    @rule(number=which, person=a_person, spelling=spellings)
    def edit_who_it_is(self, number, person, spelling):
        lead = self.a_lead(number)
        if lead:
            Lead.objects.filter(pk=lead.pk).update(**world.inputs(person, spelling))
            self.books.persons[lead.crm_id] = person
            self.books.stays_blank -= {(lead.crm_id, field) for field in ("email", "phone")}
            self.books.renamed.add(lead.crm_id)
            is_searched = LeadSearch.objects.pending().filter(crm_id=lead.crm_id).exists()
            self.did("inputs edited while a search waits" if is_searched else "inputs edited")

    @rule(number=which, typed=typed_values)
    def type_a_value(self, number, typed):
        field, value = typed
        if lead := self.a_lead(number):
            Lead.objects.filter(pk=lead.pk).update(**{field: value, f"{field}_status": ""})
            self.typed(lead.crm_id, field, value)
            is_searched = LeadSearch.objects.pending().filter(crm_id=lead.crm_id).exists()
            self.did("a value typed while a search runs" if is_searched else "a value typed")

    @rule(number=which, field=st.sampled_from(["email", "phone"]))
    def erase_a_value(self, number, field):
        lead = self.a_lead(number)
        if lead and getattr(lead, field) and not self.books.outstanding(lead.crm_id):
            Lead.objects.filter(pk=lead.pk).update(**{field: "", f"{field}_status": ""})
            self.typed(lead.crm_id, field, "")
            self.books.erased(lead.crm_id, field)
            self.did("a value erased")

    @rule(number=which)
    def delete_lead(self, number):
        if lead := self.a_lead(number):
            is_searched = LeadSearch.objects.pending().filter(crm_id=lead.crm_id).exists()
            lead.delete()
            self.did("a lead deleted while a search runs" if is_searched else "a lead deleted")

    @rule(number=which, person=a_person, spelling=spellings)
    def give_a_crm_id_to_another(self, number, person, spelling):
        """The row is deleted, and its key comes back with somebody else, as an import makes it."""
        gone = set(self.books.persons) - self.books.forgotten
        crm_id = sorted(gone)[number % len(gone)] if gone else None
        if crm_id:
            Lead.objects.filter(crm_id=crm_id).delete()
            self.books.renamed.add(crm_id)
            self.create(crm_id, person, spelling)
            self.did("a crm_id given to another")

    @rule(number=which)
    def forget(self, number):
        lead = self.a_lead(number)
        # A planner at work, and the events of other programs, are known limits of forgetting: docs/security.md.
        if not lead or self.is_planned(lead.crm_id) or lead.crm_id in self.books.abroad.values():
            return
        searches = LeadSearch.objects.filter(crm_id=lead.crm_id)
        is_searched = searches.pending().exists()
        self.books.released |= {name.hex for name in searches.values_list("fingerprint", flat=True) if name}
        forgetting.forget([lead.crm_id])
        self.books.forgotten.add(lead.crm_id)
        self.did("forgotten while a search runs" if is_searched else "forgotten")
