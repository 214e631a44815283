"""Special inputs: keys, words in names, local parts and domains whose outcome is known beforehand.

Everything else is decided by lot (see ``people``). The tables here are what the code acts on, so ``--help`` and
``docs/sandbox.md``, which walk them, cannot leave one out.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An API key that is refused."""

    text: str
    meaning: str
    status: int
    message: str
    phones_only: bool = False


KEYS = {
    key.text: key
    for key in (
        Key(text="bad-key", meaning="not valid", status=401, message="This apikey is not valid"),
        # A body that API gateways are known for. Enrow's own client expects a 403; no source tells its text.
        Key(text="forbidden-key", meaning="refused with a 403", status=403, message="Forbidden"),
        Key(
            text="no-phone-key",
            meaning="a plan without the phone search",
            status=401,
            message="This account is not allowed to use the phone search feature",
            phones_only=True,
        ),
    )
}


class Word(StrEnum):
    """The last word of a name, the end of a LinkedIn slug after a hyphen, or the end of a local part."""

    NOBODY = "nobody"
    SOMEBODY = "somebody"
    MISSING = "missing"
    ONGOING = "ongoing"
    WORTHLESS = "worthless"
    REFUSED = "refused"


WORDS = {
    Word.NOBODY: "no e-mail, no phone; the address is invalid",
    Word.SOMEBODY: "always an e-mail and a phone; the address is valid",
    Word.MISSING: "found and billed, but left out of the results of a batch",
    Word.ONGOING: "found and billed, but its row is still ongoing in a finished batch",
    Word.WORTHLESS: "valid with not-an-email, found with the number 12",
    Word.REFUSED: "refused like a row without a company, or like a URL that is no profile",
}
FOUND = tuple(str(word) for word in (Word.SOMEBODY, Word.MISSING, Word.ONGOING, Word.WORTHLESS))
NOT_FOUND = (str(Word.NOBODY),)

BOUNCE, OK = "bounce", "ok"
LOCAL_PARTS = {BOUNCE: "verifies as invalid, is never found", OK: "verifies as valid"}

FAILED_DOMAIN, REFUSED_DOMAIN = "failed.example", "refused.example"
DOMAINS = {
    FAILED_DOMAIN: "the whole batch ends failed and is refunded",
    REFUSED_DOMAIN: "refused like a row without a company",
}

WORTHLESS_EMAIL = "not-an-email"
WORTHLESS_PHONE = ("12", "FR")


_BY_TEXT = {str(word): word for word in Word}


def word_of(text: str) -> Word | None:
    """Return the special word that a text is, in any case, or None."""
    return _BY_TEXT.get(text.lower())
