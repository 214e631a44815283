"""Faults in what becomes of people: forgotten, merged, or gone."""

from __future__ import annotations

from tests.mutants.fault import Fault

_MERGING = "leads/merging.py"
_ERASING = "leads/erasing.py"
_FORGETTING = "leads/forgetting.py"
_LEFTOVERS = "leads/upkeep/leftovers.py"
_WRITEBACK = "leads/results/writeback.py"
_MATCHING = "leads/results/matching.py"
_TESTS_OF_MERGING = ("tests/leads/test_merging.py",)
_TESTS_OF_ERASING = ("tests/leads/test_erasing.py",)
_TESTS_OF_SIGNALS = ("tests/leads/test_signals.py",)

FAULTS = [
    Fault(
        file=_MERGING,
        before="losers.add(same if row.position is not None else row)",
        after="losers.add(row)",
        means="a purchase is let go for one that shares it",
    ),
    Fault(
        file=_MERGING,
        before="elif row.position is not None and jobs[row.job] not in SearchJob.UNSENT:",
        after="elif row.position is not None and not row.pk:",
        means="what Enrow works on is let go, though it is paid for",
    ),
    Fault(
        file=_MERGING,
        before="elif any(other.sent_as == row.sent_as for other in rivals):",
        after="elif not rivals:",
        means="two searches in flight collide in the index",
    ),
    Fault(
        file=_MERGING,
        before='            if heir := sharing.order_by("pk").first():\n',
        after='            if heir := sharing.order_by("pk").none().first():\n',
        means="who shares a purchase that is let go gets nothing",
    ),
    Fault(
        file=_MERGING,
        before='model=Case(When(model="", then=Value("")), default=Value(new.mapping.label)),',
        after="model=Value(new.mapping.label),",
        means="what is kept aside becomes the lead's",
    ),
    Fault(
        file=_MERGING,
        before="job__in=awaited, then=Value(old.crm_id))",
        after='job__in=awaited, then=Value(""))',
        means="what Enrow was told is lost",
    ),
    Fault(
        file=_MERGING,
        before='When(is_named, sent_as="", job__in=awaited,',
        after="When(is_named, job__in=awaited,",
        means="merged twice, what Enrow was told is lost",
    ),
    Fault(
        file=_MERGING,
        before="When(~has_value, effect=Effect.WRITTEN, then=Value(Effect.KEPT))",
        after="When(pk__in=[], then=Value(Effect.KEPT))",
        means="a blank looks like a value that somebody cleared",
    ),
    Fault(
        file=_MERGING,
        before="When(~has_value, effect=Effect.WRITTEN,",
        after="When(effect=Effect.WRITTEN,",
        means="a value that the CRM moved comes back after somebody cleared it",
    ),
    Fault(
        file=_MERGING,
        before="is_known = own is not None and reading.status(own, facts, lead)",
        after="is_known = own is not None",
        means="an outdated state keeps the other lead's from following",
    ),
    Fault(
        file=_MERGING,
        before="if not is_known and reading.status(theirs, facts, lead) and",
        after="if not is_known and",
        means="a state about another value follows",
    ),
    Fault(
        file=_MERGING,
        before=" and _is_beside(new.mapping, facts):",
        after=":",
        means="a state stands beside a table that has columns for it",
    ),
    Fault(
        file=_MERGING,
        before=".prepare_again()",
        after="",
        means="a worker that has read the old lead sends it",
    ),
    Fault(
        file=_MERGING,
        before="        except IntegrityError:\n            continue",
        after="        except IntegrityError:\n            raise",
        means="a planner that was a moment faster breaks the merge",
        postgres=True,
    ),
    Fault(
        file=_MERGING,
        before="SearchJob.objects.select_for_update().filter(pk__in=of_both",
        after="SearchJob.objects.filter(pk__in=of_both",
        means="a result that is applied at the same moment goes to the lead that is gone",
        postgres=True,
    ),
    Fault(
        file=_MATCHING,
        before="return clean_text(self.sent_as or self.crm_id)",
        after="return clean_text(self.crm_id)",
        means="a merged lead's result is matched by a name that Enrow does not know",
        tests=_TESTS_OF_MERGING,
    ),
    Fault(
        file=_MATCHING,
        before="            if row.sent_as and (name := clean_text(row.crm_id)) not in names:",
        after="            if not row.pk and (name := clean_text(row.crm_id)) not in names:",
        means="a search that was sent again after a merge fits nobody",
        tests=_TESTS_OF_MERGING,
    ),
    Fault(
        file=_WRITEBACK,
        before="key=lambda row: (not row.sent_as, row.pk)",
        after="key=lambda row: row.pk",
        means="of two searches of a merged lead its own is not tried first",
        tests=_TESTS_OF_MERGING,
    ),
    Fault(
        file=_WRITEBACK,
        before="left, is_first = [row for row in left if row.crm_id in again and row.pk not in tried], False",
        after="left, is_first = [], False",
        means="of two searches of a merged lead only one is tried",
        tests=_TESTS_OF_MERGING,
    ),
    Fault(
        file=_WRITEBACK,
        before="for change in updated.changes if change.crm_id in written}",
        after="for change in updated.changes if written is not None}",
        means="a value that the table refused is told as written",
        tests=_TESTS_OF_SIGNALS,
        postgres=True,
    ),
    Fault(
        file="leads/results/statement.py",
        before="if values_written.has_listeners() else {}",
        after="if True else {}",
        means="nobody who listens costs a query",
        tests=_TESTS_OF_SIGNALS,
    ),
    Fault(
        file="leads/results/statement.py",
        before="before.get(row.crm_id, row.value) != row.value",
        after="row.crm_id in before",
        means="the same value is told as a change",
        tests=_TESTS_OF_SIGNALS,
    ),
    Fault(
        file="leads/results/locking.py",
        before='or row.outcome != "found" or old == row.value:',
        after='or row.outcome != "found":',
        means="the same value is told as a change, on locked rows",
        tests=_TESTS_OF_SIGNALS,
    ),
    Fault(
        file="leads/mapping.py",
        before='        return f"<Change {self.field} of {self.model._meta.label}>"',
        after='        return f"<Change {self.field} of {self.model._meta.label} {self.new}>"',
        means="a change shows its value",
        tests=_TESTS_OF_SIGNALS,
    ),
    Fault(
        file="leads/mapping.py",
        before="return QuerySet(self.model, using=self.alias).order_by()",
        after="return self.model._base_manager.using(self.alias).order_by()",
        means="a base manager hides rows from forgetting",
        tests=_TESTS_OF_ERASING,
    ),
    Fault(
        file=_ERASING,
        before="        mapping.forget(found)\n",
        after="",
        means="the project is not told whom to forget",
    ),
    Fault(
        file=_ERASING,
        before="    if left := rows.all().count():",
        after="    if left := 0:",
        means="a row that is still there counts as deleted",
    ),
    Fault(
        file=_ERASING,
        before="    if left := _not_blank(mapping, keys):",
        after="    if left := []:",
        means="a value that is still there counts as blanked",
    ),
    Fault(
        file=_ERASING,
        before="    if column.null:\n        return None\n",
        after="",
        means="a unique column gets two ''",
    ),
    Fault(
        file=_ERASING,
        before="facts.status, facts.checked_at, facts.country) if name]\n    return {name",
        after="facts.status, facts.checked_at) if name]\n    return {name",
        means="the phone's country stays",
    ),
    Fault(
        file=_ERASING,
        before='if getattr(column, "auto_now", False):',
        after="if not column:",
        means="blanking leaves no time of the change",
    ),
    Fault(
        file=_ERASING,
        before="going = [row for rows_of_model in collector.model_objs.values() for row in rows_of_model]",
        after="going = list(rows)",
        means="what goes along is not said",
    ),
    Fault(
        file=_FORGETTING,
        before="known, _ = persons.known(crm_ids).delete()",
        after="known = persons.known(crm_ids).count()",
        means="what is known beside the table survives",
        tests=_TESTS_OF_ERASING,
    ),
    Fault(
        file=_FORGETTING,
        before="    renamed.update(sent_as=_NOBODY)\n",
        after="",
        means="the name that was sent survives",
        tests=_TESTS_OF_MERGING,
    ),
    Fault(
        file=_FORGETTING,
        before='        sent_as="",\n',
        after="",
        means="the name that was sent survives its lead",
        tests=_TESTS_OF_MERGING,
    ),
    Fault(
        file=_FORGETTING,
        before="renamed.update(sent_as=_NOBODY)",
        after='renamed.update(sent_as="")',
        means="two searches of one lead collide when a name is forgotten",
        tests=_TESTS_OF_MERGING,
    ),
    Fault(
        file=_FORGETTING,
        before=".prepare_again()",
        after="",
        means="a worker that has read the person sends them",
        tests=_TESTS_OF_ERASING,
    ),
    Fault(
        file=_FORGETTING,
        before="        effect=Effect.ERASED,\n        fingerprint=None,\n",
        after="        effect=Effect.NONE,\n        fingerprint=None,\n",
        means="an erased search is written later",
        tests=_TESTS_OF_ERASING,
    ),
    Fault(
        file=_LEFTOVERS,
        before="if not Heartbeat.objects.claim(LEFTOVERS, every=_EVERY):",
        after="if Heartbeat.objects.claim(LEFTOVERS, every=_EVERY) is False:",
        means="leftovers are looked for at each pass",
    ),
    Fault(
        file=_LEFTOVERS,
        before="next_place=rows[-1][0] if len(rows) == _MOST else 0",
        after="next_place=0",
        means="only the first leftovers are ever looked at",
    ),
    Fault(
        file=_LEFTOVERS,
        before="next_place=rows[-1][0] if len(rows) == _MOST else 0",
        after="next_place=rows[-1][0] if rows else place",
        means="leftovers are looked for once and never again",
    ),
    Fault(
        file=_LEFTOVERS,
        before="""        if mapping := registry.labelled(label):
            there = _there(mapping, list(pks))
""",
        after="""        mapping = registry.labelled(label)
        if True:
            there = _there(mapping, list(pks)) if mapping else set()
""",
        means="a model that is not mapped any more loses what is known",
    ),
    Fault(
        file=_LEFTOVERS,
        before='    gone = _gone(locked.values_list("pk", "model", "key"))\n',
        after='    gone = locked.values_list("pk", flat=True)\n',
        means="a lead that comes back loses what is known of it",
    ),
    Fault(
        file=_LEFTOVERS,
        before="        avoid_seqscan(mapping.alias)\n",
        after="",
        means="the project's table is read whole",
        postgres=True,
    ),
]
