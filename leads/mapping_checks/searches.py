"""Whether a mapping gives what a search needs, told by the table of kinds itself with a lead that has all of it."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage

from enrow_webhooks.client.errors import BadInput
from enrow_webhooks.client.values import Kind
from leads.digests import INPUTS
from leads.kinds import KINDS, VALUES, Candidate, label
from leads.mapping import LeadMapping
from leads.mapping_checks.attributes import OUTPUTS
from leads.mapping_checks.sources import readable
from leads.mapping_checks.wording import WrongError, error, raised, warning
from leads.skips import NotSent

_SAMPLES = {
    "firstname": "Jane",
    "lastname": "Doe",
    "fullname": "Jane Doe",
    "company_name": "Acme",
    "company_domain": "example.com",
    "linkedin_url": "https://www.linkedin.com/in/jane-doe/",
    "country_code": "FR",
    **{facts.value: facts.sample for facts in VALUES},
}


def check_read(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield what is wrong with the sources that are only read: E116, E117, E118."""
    read = [*INPUTS, *(OUTPUTS if mapping.has_own_write else ())]
    for name in read:
        if source := mapping.source(name):
            try:
                readable(mapping, source)
            except WrongError as wrong:
                yield raised(mapping, name, wrong)


def check_searchable(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield that nothing can be written or searched, E119, or nothing found, W103."""
    mapped = [name for name in OUTPUTS if mapping.source(name)]
    if not mapped:
        yield error(
            mapping,
            "",
            "it maps no output, so that no search could write anything.",
            hint=f"Map one of {' and '.join(OUTPUTS)}; with write() overridden it says how the current value is read.",
            code="E119",
        )
        return
    missing = {kind: _why_not(mapping, kind) for kind, facts in KINDS.items() if facts.value in mapped}
    reasons = " ".join(f"{label(kind).capitalize()}: {why}" for kind, why in missing.items() if why)
    if all(missing.values()):
        yield error(mapping, "", "none of its leads could ever be searched.", hint=reasons, code="E119")
    elif all(why for kind, why in missing.items() if not KINDS[kind].judges):
        yield warning(mapping, "", "values can be verified, but none can be found.", hint=reasons, code="W103")


def _why_not(mapping: LeadMapping, kind: Kind) -> str:
    """Return why no lead of the mapping can be searched for this, blank when one can."""
    lead = Candidate._make(_SAMPLES.get(name, "") if mapping.source(name) else "" for name in Candidate._fields)
    try:
        KINDS[kind].query(lead)
    except (NotSent, BadInput) as missing:
        return str(missing)
    return ""
