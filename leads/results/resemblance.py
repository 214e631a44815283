"""Is it the same person? A search that was launched elsewhere is compared with the lead that it names.

Both sides are folded first: case, accents, ``www.``, scheme, spelling of profiles. Enrow may have resolved its side.
"""

from __future__ import annotations

import re
import unicodedata

from enrow_webhooks.client.errors import BadInput
from enrow_webhooks.client.inputs import clean_domain, clean_text, profile_url
from enrow_webhooks.client.values import Kind, Query
from leads.kinds import KINDS, Candidate

_WORD = re.compile(r"[^\W_]+")
# Letters that Unicode takes for letters of their own, as registers write them.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
# More words than any name has; comparing is quick, and stays so.
_LONGEST_NAME = 500


def difference(kind: Kind, lead: Candidate, echo: Query | None) -> str:
    """Return why a result may not be about this lead, in one sentence; blank when it is.

    At least one of name, domain and profile has to agree (of a verification: the address), and none may contradict.
    """
    if echo is None:
        return "Enrow does not say whom it searched, so nothing can be compared with the lead."
    if (facts := KINDS[kind]).judges:
        agrees = _plain(_said(echo, facts.value)) == _plain(_said(lead, facts.value))
        return "" if agrees else f"The lead has another {facts.bare_noun} than the one that was verified."
    verdicts = _compared(lead, echo)
    if contradicts := [what for what, agrees in verdicts.items() if agrees is False]:
        return f"Enrow searched with another {' and '.join(contradicts)} than the lead has."
    if not any(verdicts.values()):
        return "Neither name, domain nor profile that Enrow searched with can be compared with the lead's."
    return ""


def _compared(lead: Candidate, echo: Query) -> dict[str, bool | None]:
    """Return whether each agrees; None where one side is missing or says too little."""
    name = _said(echo, "fullname") or f"{_said(echo, 'firstname')} {_said(echo, 'lastname')}"
    return {
        "name": _names_agree(_words(" ".join(lead.name)), _words(name)),
        "domain": _domains_agree(_domain(lead.company_domain), _domain(_said(echo, "company_domain"))),
        "profile": _profiles_agree(_slug(lead.linkedin_url), _slug(_said(echo, "linkedin_url"))),
    }


def _said(source: Query | Candidate, field: str) -> str:
    """Return one input of a search or lead; blank where a kind knows none of that name."""
    return str(getattr(source, field, ""))


def _plain(value: str) -> str:
    return clean_text(value).casefold()


def _words(name: str) -> frozenset[str]:
    """Return the words of a name without case and accents, in no order."""
    letters = unicodedata.normalize("NFKD", clean_text(name)[:_LONGEST_NAME].casefold().translate(_LETTERS))
    return frozenset(_WORD.findall("".join(letter for letter in letters if not unicodedata.combining(letter))))


def _names_agree(lead: frozenset[str], searched: frozenset[str]) -> bool | None:
    """Compare by whole words: one side may have a middle name more. A single word names a family."""
    if not (lead and searched):
        return None
    if lead == searched:
        return True
    if not (lead <= searched or searched <= lead):
        return False
    return True if min(len(lead), len(searched)) > 1 else None


def _domain(typed: str) -> str:
    try:
        return clean_domain(typed) if clean_text(typed) else ""
    except BadInput:
        return ""


def _domains_agree(lead: str, searched: str) -> bool | None:
    if not (lead and searched):
        return None
    return lead == searched or lead.endswith(f".{searched}") or searched.endswith(f".{lead}")


def _slug(typed: str) -> str:
    try:
        return profile_url(typed).strip("/").rpartition("/")[2].casefold() if clean_text(typed) else ""
    except BadInput:
        return ""


def _profiles_agree(lead: str, searched: str) -> bool | None:
    """LinkedIn lengthens a slug when it is taken: a longer one may be the same person's, or a namesake's."""
    if not (lead and searched):
        return None
    if lead == searched:
        return True
    shorter, longer = sorted([lead, searched], key=len)
    return None if longer.startswith(f"{shorter}-") else False
