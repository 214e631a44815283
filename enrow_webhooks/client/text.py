"""One spelling for a text that a person typed, whatever keyboard, page or spreadsheet it came from."""

from __future__ import annotations

import re
import unicodedata

# Every format character of Unicode (category Cf), and the others that Unicode calls "default ignorable": nobody sees
# them. A test goes through all of Unicode.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Control characters, among them NUL, which PostgreSQL cannot store, and lone surrogates, which UTF-8 cannot carry.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Python's normal forms take quadratic time where accents stand in a row; no input is as long as this.
_LONGEST = 2000


def spelled(text: str) -> str:
    """Return the text as one line of single spaces, composed (NFC), without any character that nobody sees."""
    if text.isascii():
        # Most values are one word, and need no look at their letters.
        if " " not in text and text.isprintable():
            return text
    else:
        text = composed(text if is_letters(text) else _INVISIBLE.sub("", text))
    return " ".join((text if text.isprintable() else _UNPRINTABLE.sub(" ", text)).split())


def is_letters(text: str) -> bool:
    """Tell whether a text has nothing but letters and spaces, all of them seen; faster than an expression."""
    if not text.replace(" ", "").isalpha():
        return False
    # The fillers of Korean syllables are the only letters that nobody sees.
    return text.isascii() or not ("\u3164" in text or "\u115f" in text or "\u1160" in text or "\uffa0" in text)


def composed(text: str) -> str:
    """Return the text in Unicode's form NFC; one of more than 2,000 characters stays as it is."""
    return unicodedata.normalize("NFC", text) if len(text) <= _LONGEST else text


def folded(*parts: str) -> str:
    """Return the parts, each as ``spelled`` returns it, as one text to compare with, blind to case.

    Turkish has an i with a dot and one without, and capitals of both; others type them as one.
    """
    text = "\x1f".join(parts).casefold()
    return text if text.isascii() else composed(text.replace("ı", "i").replace("i\u0307", "i"))
