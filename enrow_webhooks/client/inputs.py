"""What a person typed, brought into the form that Enrow accepts, or refused with one sentence.

Enrow refuses a whole batch for one bad row, so every row is judged here first.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, unquote, urlsplit

import idna

from enrow_webhooks.client.errors import BadInput, NoCompanyHost
from enrow_webhooks.client.hosts import is_free_mail, page_host
from enrow_webhooks.client.text import composed, spelled

# Control characters, among them NUL, which PostgreSQL cannot store, and lone surrogates, which UTF-8 cannot carry.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028\u2029\ufeff\ud800-\udfff]")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_LOCAL_PART = re.compile(r"[^@\s\"<>()\[\],;:\\]{1,64}")
# What most people type: a host of plain letters, bare or in a URL. All else is taken apart the long way.
_SITE = re.compile(r"(?:https?://)?([a-z0-9.-]+)(?:/.*)?", re.IGNORECASE | re.ASCII)
# A domain that IDNA leaves as it is, but for its case; hyphens in the third and fourth place are IDNA's own.
_PLAIN_DOMAIN = re.compile(
    r"\A(?=.{1,253}$)(?:(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE | re.ASCII
)
_SCHEME = re.compile(r"\A(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_WWW = re.compile(r"\A(?:www\.)+(?=[^.]+\.)")
# No sign that ends a cell or a query stands in a slug, and none that ends a sentence stands at its end.
_SLUG = re.compile(r"\A[^\s/?#%\"<>\\,;&|]{1,199}[^\s/?#%\"<>\\,;&|.:!*)\]}']")
# What most people have; it goes without taking a URL apart.
_PLAIN_PROFILE = re.compile(r"https?://(?:www\.)?linkedin\.com/in/([a-z0-9-]{2,200})/?")
# Copied with the profile: the end of a list or a cell, the next link, or the query of a link that lost its "?".
_TAIL = re.compile(r"[,;&|](?=[\s,;&|]|\Z|https?:|www\.|(?:amp;)?[\w.-]{1,40}=)")
_TRAILING = ".,;:&|!*)]}>'\""
# The id of a member, as LinkedIn's own tools write it; unlike a name in a URL, it has capitals that count.
_MEMBER_ID = re.compile(r"AC[ow]AA[A-Za-z0-9_-]{20,}")
# What LinkedIn's mobile pages and mails put before the path.
_BEFORE_PROFILE = frozenset({"mwlite", "comm"})
_LINKEDIN_HOST = re.compile(r"\A(?:[a-z0-9-]+\.)*linkedin\.com")

_LONGEST_EMAIL = 254
# Far more than an address needs. Python's normal forms, which every non-ASCII host goes through, take quadratic time.
_LONGEST_URL = 2000
# Twice a domain of 253 characters, for accents that stand apart. Old versions of idna take quadratic time.
_LONGEST_HOST = 500
# Characters of a bad input that its sentence repeats.
_QUOTED = 80


def clean_text(text: str) -> str:
    """Return the text in one line: no control characters, single spaces, no space at the ends."""
    # Everything that the pattern replaces is unprintable, so most texts need no search.
    return " ".join((text if text.isprintable() else _UNPRINTABLE.sub(" ", text)).split())


def clean_domain(text: str) -> str:
    """Return the bare, lower-case ASCII domain in a domain, a site URL or a pasted e-mail address.

    Raises BadInput when there is none, or when it is an IP address or a single label; and NoCompanyHost for a domain
    that is no company's.
    """
    typed = spelled(text)
    domain = _ascii_domain(_host(typed))
    if not domain:
        raise BadInput(f"company_domain {_quoted(typed)} is not a domain; write it like example.com.")
    if _LINKEDIN_HOST.fullmatch(domain):
        raise NoCompanyHost(f"company_domain {_quoted(typed)} is LinkedIn's own; write the company's domain.")
    if is_free_mail(domain):
        raise NoCompanyHost(f"company_domain {_quoted(typed)} is a free mail host; write the company's domain.")
    if (host := page_host(domain)) and (host != domain or _names_a_page(typed)):
        raise NoCompanyHost(f"company_domain {_quoted(typed)} is a page at {host}; write the company's domain.")
    return domain


def _names_a_page(typed: str) -> bool:
    """Tell whether a URL says more than its host."""
    parts = _split(typed)
    return parts is not None and bool(parts.path.strip("/") or parts.query or parts.fragment)


def _host(typed: str) -> str:
    """Return the host of a URL with or without its scheme, blank when it has none."""
    if len(typed) <= _LONGEST_URL and (site := _SITE.fullmatch(typed)):
        return site[1]
    parts = _split(typed)
    return (parts.hostname or "") if parts else ""


def _split(typed: str) -> SplitResult | None:
    """Return the parts of a URL with or without its scheme, None when it cannot be taken apart."""
    if len(typed) > _LONGEST_URL:
        return None
    try:
        parts = urlsplit(typed if _SCHEME.match(typed) else f"//{typed}")
    except ValueError:
        return None
    return parts if parts.hostname else None


def _ascii_domain(host: str) -> str:
    """Return the host as DNS writes it, without ``www.``; blank for what is no domain, IP addresses among it."""
    if _PLAIN_DOMAIN.fullmatch(host):
        return _WWW.sub("", host.lower())
    return _domain_by_idna(host)


def _domain_by_idna(host: str) -> str:
    if len(host) > _LONGEST_HOST:
        return ""
    try:
        domain = _WWW.sub("", idna.encode(host.rstrip("."), uts46=True).decode("ascii").lower().rstrip("."))
    except UnicodeError:  # IDNAError among them
        return ""
    labels = domain.split(".")
    is_domain = len(labels) > 1 and not labels[-1].isdigit() and all(map(_LABEL.fullmatch, labels))
    return domain if is_domain else ""


def _quoted(typed: str) -> str:
    """Return what was typed, short enough for a sentence."""
    return repr(typed if len(typed) <= _QUOTED else f"{typed[:_QUOTED]}…")


def clean_email(text: str) -> str:
    """Return the address without surrounding space; raises BadInput when it is not one."""
    typed = spelled(text)
    local, _, domain = typed.rpartition("@")
    fits = len(typed) <= _LONGEST_EMAIL and not typed.endswith(".")
    if not (fits and _LOCAL_PART.fullmatch(local) and _ascii_domain(domain)):
        raise BadInput(f"email {_quoted(typed)} is not an e-mail address.")
    return typed


def profile_url(text: str) -> str:
    """Return ``https://www.linkedin.com/in/<slug>/`` for any spelling of a person's LinkedIn page.

    A slug is in lower case; the id of a member, ``ACoAA…``, keeps its capitals. Enrow answers 400 to locale
    sub-domains, query strings and company pages; the last are refused here with BadInput.
    """
    if plain := _PLAIN_PROFILE.fullmatch(text):
        return f"https://www.linkedin.com/in/{plain[1]}/"
    typed = spelled(text)
    parts = _split(typed)
    if parts is None or not _LINKEDIN_HOST.fullmatch((parts.hostname or "").rstrip(".")):
        raise BadInput(f"linkedin_url {_quoted(typed)} is not on linkedin.com.")
    section, rest = _section(parts.path)
    if section in {"company", "school", "showcase"}:
        raise BadInput(f"linkedin_url {_quoted(typed)} is the page of a company, not of a person.")
    slug = _slug(rest)
    if section != "in" or not _SLUG.fullmatch(slug):
        raise BadInput(
            f"linkedin_url {_quoted(typed)} is not a profile; it should look like https://www.linkedin.com/in/name/."
        )
    return f"https://www.linkedin.com/in/{slug}/"


def _section(path: str) -> tuple[str, str]:
    """Return the first word of a path, in lower case, and what follows it."""
    section, _, rest = path.strip("/").partition("/")
    if section.lower() in _BEFORE_PROFILE:
        section, _, rest = rest.partition("/")
    return section.lower(), rest


def _slug(path: str) -> str:
    """Return the slug at the beginning of a path, without what was copied along behind it."""
    typed = path.partition("/")[0]
    if tail := _TAIL.search(typed):
        typed = typed[: tail.start()]
    slug = spelled(unquote(typed.rstrip(_TRAILING)))
    return slug if _MEMBER_ID.fullmatch(slug) else composed(slug.lower())
