"""How a wrong mapping is told: the mapping's class and attribute, one sentence, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.db.models import Model

from leads.mapping import LeadMapping

# Names that a hint lists when none of them is near.
_MOST_LISTED = 20


class WrongError(Exception):
    """Something in a mapping that is wrong: its sentence, what to write, and the id of the check."""

    def __init__(self, sentence: str, *, hint: str, code: str) -> None:
        super().__init__(sentence)
        self.hint = hint
        self.code = code


def error(mapping: LeadMapping, attribute: str, sentence: str, *, hint: str, code: str) -> CheckMessage:
    """Return the error of one attribute of a mapping; blank: of the mapping as a whole."""
    return Error(_told(mapping, attribute, sentence), hint=hint, id=f"enrow.{code}")


def warning(mapping: LeadMapping, attribute: str, sentence: str, *, hint: str, code: str) -> CheckMessage:
    """Return the same as a warning: it works, and may not be what is meant."""
    return CheckWarning(_told(mapping, attribute, sentence), hint=hint, id=f"enrow.{code}")


def raised(mapping: LeadMapping, attribute: str, wrong: WrongError) -> CheckMessage:
    """Return what was raised as the error of one attribute."""
    return error(mapping, attribute, str(wrong), hint=wrong.hint, code=wrong.code)


def name_of(mapping: LeadMapping) -> str:
    """Return where the mapping's class is, like ``crm.lead_mapping.ContactMapping``."""
    return f"{type(mapping).__module__}.{type(mapping).__qualname__}"


def label_of(model: type[Model]) -> str:
    """Return what a person calls the model, like ``crm.Contact``."""
    return model._meta.label


def a(kind: str) -> str:
    """Return the name of a type with its article."""
    return f"an {kind}" if kind[:1].upper() in set("AEIO") else f"a {kind}"


def near(word: str, known: Iterable[str]) -> str:
    """Return the one of the names that was probably meant, blank for none."""
    found = difflib.get_close_matches(word.strip().lower(), sorted(known), n=1, cutoff=0.7)
    return found[0] if found else ""


def listed(names: Iterable[str]) -> str:
    """Return names in one line, the first twenty of very many."""
    some = sorted(names)
    return ", ".join(some[:_MOST_LISTED]) + (", …" if len(some) > _MOST_LISTED else "")


def _told(mapping: LeadMapping, attribute: str, sentence: str) -> str:
    where = f"{name_of(mapping)}.{attribute}" if attribute else name_of(mapping)
    return f"{where}: {sentence}"
