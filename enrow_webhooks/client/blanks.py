"""Words and signs that people and programs write where they have nothing to write."""

from __future__ import annotations

from collections.abc import Iterable

from enrow_webhooks.client.text import spelled

# No part of anybody's name, and no country: "NA" is Namibia, "Na" and "Null" are names.
_NOTHINGS = frozenset(
    {
        *("-", "--", "---", "–", "—", "_", "__", ".", "..", "...", "…", "?", "??", "???", "*", "**", "***"),
        *(
            "/",
            "//",
            "|",
            "#",
            "~",
            "0",
            "n/a",
            "n/a.",
            "n.a.",
            "n.a",
            "n/d",
            "n/k",
            "k.a.",
            "s/o",
            "\\n",
            "#n/a",
        ),
        *("#na", "#ref!", "#value!", "#name?", "#null!", "#div/0!", "#num!", "#error!", "#spill!", "#calc!"),
        *("<null>", "<na>", "<none>", "(null)", "(none)", "(blank)", "(empty)"),
    }
)
_WORDS = frozenset(
    {
        *("na", "nan", "null", "none", "nil", "undefined", "unknown", "tbd", "tba", "not available", "not applicable"),
        *("not provided", "no data", "no value", "unbekannt", "keine angabe", "inconnu", "non renseigné"),
        *("desconocido", "sconosciuto"),
    }
)
# A mailbox that is none, at a host that is none: none@none.com. Both have to say so.
_LOCALS = ("na", "n.a", "null", "none", "nil", "no", "unknown", "noemail", "no-email", "no.email", "no_email", "nomail")
_HOSTS = ("na", "null", "none", "nil", "no", "unknown", "noemail", "no-email", "nomail", "email", "mail", "example")
_ADDRESSES = {f"{local}@{host}.{end}" for local in _LOCALS for host in _HOSTS for end in ("com", "net", "org")}
# A whole name of nothing but such words is nobody's: "NULL", "Unknown Unknown"; "Jen Null" is somebody.
FOR_NOBODY = _NOTHINGS | _WORDS
PLACEHOLDERS = FOR_NOBODY | _ADDRESSES
# The longest placeholder: what is longer needs no look.
_LONGEST = max(map(len, PLACEHOLDERS))


def filled(text: str) -> str:
    """Return the text in its one spelling; '' when it only says that there is none."""
    text = spelled(text)
    return "" if len(text) <= _LONGEST and text.casefold() in PLACEHOLDERS else text


def name_filled(text: str) -> str:
    """Return the same of a part of a name, or of a country: words that are somebody's name stay."""
    text = spelled(text)
    return "" if len(text) <= _LONGEST and text.casefold() in _NOTHINGS else text


def some_blank(texts: Iterable[str]) -> bool:
    """Tell whether one of many texts, each without space at its ends, may be a placeholder: one look at all of them."""
    return not PLACEHOLDERS.isdisjoint([text.casefold() for text in texts if len(text) <= _LONGEST])
