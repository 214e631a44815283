"""Rules of the project: new leads are searched, and old verdicts are checked again, within a cap of the day."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings as django_settings
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from leads.models import EnrichmentRuleState, EnrichmentRun, RuleLead, SearchJob
from leads.rules import STALE, EnrichmentRule
from tests.faults.money.scene import Scene

NEW = EnrichmentRule("new", "leads.Lead", find={"email"}, daily_credits=Decimal("3.1"))
OLD = EnrichmentRule("old", "leads.Lead", when=STALE, days=60, verify=True, daily_credits=Decimal("2.1"))


class ByRules(Scene):
    """What is searched because a rule says so."""

    def __init__(self, *args):
        super().__init__(*args)
        for model in (RuleLead, EnrichmentRuleState):
            model.objects.all().delete()
        self.set_rules([])

    def set_rules(self, rules):
        django_settings.ENROW.update(RULES=rules)

    @rule(rules=st.sampled_from([[NEW, OLD], [NEW, OLD], [NEW], []]))
    def rules_are_changed(self, rules):
        """In the settings; the first look at a new one notes where the table ends."""
        self.set_rules(rules)
        self.sweep()

    @precondition(lambda self: django_settings.ENROW["RULES"])
    @rule()
    def rules_look(self):
        before = EnrichmentRun.objects.filter(via="rule").count()
        EnrichmentRuleState.objects.update(next_look_at=timezone.now())
        self.sweep()
        if EnrichmentRun.objects.filter(via="rule").count() > before:
            self.did("a rule asked")

    def rules_keep_their_caps(self):
        """Assert that no rule cost more in a day than it may; note which of them bought."""
        for each in (NEW, OLD):
            jobs = SearchJob.objects.filter(requested_by=each.requested_by)
            self.books.limit_holds(jobs, each.cap)
            if jobs.filter(state="finished", requested__gt=0).exists():
                self.did(f"bought by the rule {each.name}")
