"""The truth of the sandbox: who has an e-mail address, which address accepts mail, who has a phone.

Every answer is a pure function of the inputs, so a test can compute the expected result instead of guessing it. The
same function decides what the finder finds and what the verifier verifies: an address that the finder gives out always
verifies as valid.

About 70 % of people have an address, 75 % of all other addresses are valid, 60 % of people have a phone. For the inputs
of ``special`` the outcome is known beforehand.
"""

import functools
import hashlib
import re
import unicodedata

from enrow_webhooks.sandbox import numbers, special

FOUND_EMAILS = 0.70
VALID_EMAILS = 0.75
FOUND_PHONES = 0.60

# Letters that Unicode does not decompose into an ASCII letter and an accent.
_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "ø": "o",
        "Ø": "O",
        "æ": "ae",
        "Æ": "Ae",
        "œ": "oe",
        "Œ": "Oe",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "þ": "th",
        "ı": "i",
    }
)
_NOT_IN_LOCAL = re.compile(r"[^a-z0-9-]+")
_DOMAIN = re.compile(r"\A(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?(?:www\.)?([^\s/@:?#]+\.[^\s/@:?#.]+)\.?(?:[:/?#]|$)")
_ADDRESS = re.compile(r"\A[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+")
_WORDS = tuple(map(str, special.Word))
_SLUG = re.compile(r"https?://(?:www\.)?linkedin\.com/in/([^/?#\s]+)/?", re.IGNORECASE)
# The id of a member, whose capitals count.
_MEMBER_ID = re.compile(r"AC[ow]AA[A-Za-z0-9_-]{20,}")
# Letters of a name that count: Python's normal forms take quadratic time.
_LONGEST_NAME = 500


def share(*parts: str) -> float:
    """Return a stable number from 0 (included) to 1 (excluded) that depends on nothing but the parts."""
    digest = hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def unaccented(text: str) -> str:
    """Return the text in ASCII letters: ``Ørsted`` is Orsted. What has no ASCII form is left out."""
    return unicodedata.normalize("NFKD", text[:_LONGEST_NAME].translate(_LETTERS)).encode("ascii", "ignore").decode()


def fold(text: str) -> str:
    """Return the text as it stands in a local part: lower-case ASCII letters, digits and inner hyphens."""
    if not text.isascii():
        text = unaccented(text)
    return _NOT_IN_LOCAL.sub("", text.lower()).strip("-")


@functools.lru_cache(maxsize=4096)
def domain_of(company_domain: str | None, company_name: str | None) -> str | None:
    """Return the bare domain of a company, or None.

    It comes from a domain or a site URL or, failing both, from the name.
    """
    match = _DOMAIN.match((company_domain or "").strip().lower())
    if match:
        return match.group(1)
    label = fold(company_name or "")
    return f"{label}.com" if label else None


def company_of(domain: str, company_name: str | None) -> str:
    """Return the name of the company: as it was sent, else made from its domain."""
    return company_name or domain.partition(".")[0].replace("-", " ").title()


def split_name(fullname: str) -> tuple[str, str]:
    """Return first name and last name; everything after the first word is the last name."""
    first, _, last = " ".join(fullname.split()).partition(" ")
    return first, last


def gender(firstname: str) -> str:
    """Return ``male`` or ``female``, by lot."""
    return "female" if share("gender", firstname.lower()) < 0.5 else "male"


def guess_email(fullname: str, company_domain: str | None, company_name: str | None) -> str | None:
    """Return the address that a person would have, whether it exists or not; None when no domain can be told."""
    domain = domain_of(company_domain, company_name)
    if domain is None:
        return None
    first, last = split_name(fullname)
    words = [word for word in (fold(first), fold(last)) if word]
    # A name in a script without an ASCII form still needs one stable local part.
    return f"{'.'.join(words) or f'p{share(fullname) * 1e9:.0f}'}@{domain}"


def find_email(fullname: str, company_domain: str | None = None, company_name: str | None = None) -> str | None:
    """Return the address that the finder finds, or None."""
    email = guess_email(fullname, company_domain, company_name)
    return email if email is not None and _exists(email, FOUND_EMAILS) else None


def is_address(email: str) -> bool:
    """Tell whether the text has the form of an e-mail address."""
    return _ADDRESS.fullmatch(email) is not None


def verify(email: str) -> bool:
    """Tell whether the address accepts mail. Upper and lower case are one address."""
    email = email.strip().lower()
    return is_address(email) and _exists(email, VALID_EMAILS)


def slug_of(linkedin_url: str) -> str | None:
    """Return the slug of a LinkedIn profile URL: a member's id as it is, any other in lower case.

    None for every other URL, also for one with a locale sub-domain or a query.
    """
    match = _SLUG.fullmatch(linkedin_url.strip())
    if match is None:
        return None
    slug = match.group(1)
    return slug if _MEMBER_ID.fullmatch(slug) else slug.lower()


def find_phone(
    *,
    linkedin_url: str | None = None,
    firstname: str | None = None,
    lastname: str | None = None,
    company_domain: str | None = None,
    company_name: str | None = None,
) -> tuple[str, str] | None:
    """Return the number in E.164 and its ISO country, or None.

    The LinkedIn URL wins over the name, as documented.
    """
    if linkedin_url:
        person = slug_of(linkedin_url) or ""
        word = word_of_slug(person)
    else:
        person = f"{fold(firstname or '')}.{fold(lastname or '')}@{domain_of(company_domain, company_name)}"
        word = word_of_name(lastname or "")
    found = share("phone", person) < FOUND_PHONES if word is None else word in special.FOUND
    return numbers.number_for(share("number", person)) if found else None


def word_of_name(name: str) -> special.Word | None:
    """Return the special word at the end of a name, or None."""
    # Nearly no name ends so, and thousands are looked at.
    return special.word_of(name.rsplit(maxsplit=1)[-1]) if name.rstrip().lower().endswith(_WORDS) else None


def word_of_slug(slug: str) -> special.Word | None:
    """Return the special word at the end of a LinkedIn slug, after a hyphen, or None."""
    return special.word_of(slug.rpartition("-")[2]) if "-" in slug else None


def word_of_address(email: str) -> special.Word | None:
    """Return the special word at the end of a local part, or None."""
    local = email.partition("@")[0].strip().lower()
    return next(filter(local.endswith, special.Word), None) if local.endswith(_WORDS) else None


def _exists(email: str, threshold: float) -> bool:
    """Compare one lot per address with the threshold: the 70 % found are among the 75 % valid."""
    local = email.partition("@")[0]
    if local == special.BOUNCE or local.endswith(special.NOT_FOUND):
        return False
    return local == special.OK or local.endswith(special.FOUND) or share("mailbox", email) < threshold
