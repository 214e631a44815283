"""The one form in which a person's values are stored, so that they are found: domains, countries.

Those of e-mails and phones stand in the table of kinds. A value that cannot be brought into its form raises BadInput.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import defaultdict

from babel import Locale
from babel.core import get_global

from enrow_webhooks.client.errors import BadInput
from enrow_webhooks.client.inputs import clean_domain
from enrow_webhooks.client.text import spelled

# A bare domain at a glance.
IS_BARE = re.compile(r"\A(?!www\.)[a-z0-9-]+(?:\.[a-z0-9-]+)+").fullmatch
# The languages in which a country's name is understood, English first.
_LANGUAGES = (
    *("en", "fr", "de", "es", "it", "pt", "nl", "pl", "cs", "sk", "hu", "ro", "bg", "el", "da", "sv", "nb", "fi", "et"),
    *("lv", "lt", "sl", "hr", "sr", "ru", "uk", "tr", "ar", "he", "ja", "zh", "ko"),
)
# Characters: no country's name is longer, and accents in a row take quadratic time.
_LONGEST_NAME = 100
_CODE = re.compile(r"[A-Z]{2}")
# No countries: the European Union, the euro zone, the United Nations, outlying Oceania, pseudo and unknown regions.
_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
_ALIKE = str.maketrans({"&": "and", "’": "'", "-": " "})
# What people write, and no table of names has.
_USUAL = {
    **dict.fromkeys(
        ("england", "scotland", "wales", "northern ireland", "great britain", "britain", "u.k.", "gb"), "GB"
    ),
    **dict.fromkeys(("usa", "u.s.", "u.s.a.", "united states of america", "america", "the united states"), "US"),
    **dict.fromkeys(("holland", "the netherlands"), "NL"),
    **dict.fromkeys(("czech republic", "tschechische republik"), "CZ"),
    **dict.fromkeys(("south korea", "republic of korea", "korea, republic of"), "KR"),
    **dict.fromkeys(("turkey", "turkiye", "republic of turkiye"), "TR"),
    **dict.fromkeys(("uae", "u.a.e."), "AE"),
    **dict.fromkeys(("russian federation",), "RU"),
    **dict.fromkeys(("viet nam",), "VN"),
    **dict.fromkeys(("hong kong", "hong kong s.a.r."), "HK"),
    **dict.fromkeys(("macedonia",), "MK"),
    **dict.fromkeys(("ivory coast",), "CI"),
    **dict.fromkeys(("republic of ireland", "eire"), "IE"),
    **dict.fromkeys(("people's republic of china", "mainland china", "prc"), "CN"),
}


def country(text: str) -> str:
    """Return the two-letter code of a country: of a code of two or three letters, or a name in one of 32 languages."""
    typed = spelled(text)
    # Odoo's own ids of countries are like base.fr.
    upper = typed.upper().removeprefix("BASE.")
    if upper in _codes():
        return upper
    # FRA is one country, SUN was many.
    aliases: list[str] = get_global("territory_aliases").get(upper) or []
    if len(aliases) == 1 and aliases[0] in _codes():
        return aliases[0]
    if len(typed) <= _LONGEST_NAME and (found := _names().get(_folded(typed))):
        return found
    raise BadInput(f"{typed[:40]!r} is no country that is known; write its two-letter code, like FR.")


def domain(text: str) -> str:
    """Return the bare domain, in small letters: no scheme, no ``www.``, no port, no path."""
    return clean_domain(text)


@functools.cache
def _codes() -> frozenset[str]:
    names = map(str, Locale.parse("en").territories)
    return frozenset(filter(_CODE.fullmatch, names)) - _NO_COUNTRIES


@functools.cache
def _names() -> dict[str, str]:
    """Return the codes by the names; what is two countries' in two languages is left out, unless English says which."""
    found: dict[str, set[str]] = defaultdict(set)
    for language in _LANGUAGES:
        names = Locale.parse(language).territories
        for code in _codes() & set(names):
            found[_folded(names[code])].add(code)
    english = {_folded(name): code for code, name in Locale.parse("en").territories.items() if code in _codes()}
    return {name: next(iter(codes)) for name, codes in found.items() if len(codes) == 1} | english | _USUAL


def _folded(name: str) -> str:
    """Return a name without capitals and accents: Turkiye is typed for Türkiye."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(_ALIKE)
