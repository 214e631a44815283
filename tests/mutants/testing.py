"""Faults in what projects test with."""

from __future__ import annotations

from tests.mutants.fault import Fault

_COMMITS = "leads/testing/commits.py"
_GUARDING = "leads/testing/guarding.py"
_OPENING = "leads/testing/opening.py"

FAULTS = [
    Fault(
        file=_COMMITS,
        before="        while left:\n            left.pop()()\n",
        after="        left[0]()\n",
        means="what Django captured runs twice",
    ),
    Fault(
        file=_COMMITS,
        before="if not savepoints or savepoints[0] in sids:",
        after="if True:",
        means="what the class of a test registered runs in its first test",
        tests=("tests/leads/testing/test_cases.py",),
    ),
    Fault(
        file=_GUARDING,
        before="    if met:\n",
        after="    if not met:\n        return\n    if False:\n",
        means="a thread may meet the real Enrow",
    ),
    Fault(
        file=_GUARDING,
        before="class RealEnrowError(BaseException):",
        after="class RealEnrowError(Exception):",
        means="code that survives an outage meets the real Enrow, and its test passes",
    ),
    Fault(
        file=_GUARDING,
        before='    if host == _ENROW or host.endswith(f".{_ENROW}"):',
        after='    if host.endswith(f".{_ENROW}"):',
        means="a host of Enrow's is not known as one",
    ),
    Fault(
        file=_OPENING,
        before="agenda.work_off(until=agenda.now) if enrow.is_slow_now else agenda.work_off()",
        after="agenda.work_off()",
        means="a slow search ends at once",
        tests=("tests/leads/testing/test_enrow.py",),
    ),
    Fault(
        file=_OPENING,
        before='mock.patch.object(handles, "sweep", fake.run_all)',
        after="no_network()",
        means="code that waits for its run waits for an event that nobody delivers",
    ),
    Fault(
        file=_OPENING,
        before='        "TASK_BACKEND": "none",\n',
        after="",
        means="a test sends messages to the project's broker",
    ),
    Fault(
        file="leads/testing/transport.py",
        before="        if answer.status_code != 200:",
        after="        if answer.status_code >= 500:",
        means="a project that refuses events is not told",
        tests=("tests/leads/testing/test_opening.py",),
    ),
    Fault(
        file="leads/testing/enrow.py",
        before="if entry.job_id not in self._elsewhere",
        after="if entry.job_id",
        means="a search from elsewhere counts as spent by the project",
    ),
    Fault(
        file="enrow_webhooks/sandbox/known.py",
        before="        if self.nobody_else and people.word_of_name(fullname) is None:\n            return None\n",
        after="",
        means="in a test lots find whom nobody named",
        tests=("tests/sandbox/test_known.py", "tests/leads/testing/test_enrow.py"),
    ),
]
