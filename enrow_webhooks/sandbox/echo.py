"""The inputs of a row as an answer repeats them: ``raw_params`` of a find, ``params`` of a phone, the verified address.

Nobody promises that they are repeated as they were sent. An Enrow that resolves its inputs first would repeat what it
resolved; each of its liberties is a fact of its own.
"""

import hashlib
from typing import Any

from enrow_webhooks.sandbox import people
from enrow_webhooks.sandbox.profiles import Profile
from enrow_webhooks.sandbox.validation import text

Body = dict[str, Any]

_NAMES = ("fullname", "firstname", "lastname")
_FIND = ("company_domain", "company_name", "fullname")
_PHONE = ("linkedin_url", "firstname", "lastname", "company_domain", "company_name")


def find_inputs(row: Body, profile: Profile) -> Body:
    """Return ``raw_params`` of an e-mail search."""
    sent = _sent(row, _FIND)
    return _resolved(sent, profile, _FIND) if profile.resolves else sent


def phone_inputs(row: Body, profile: Profile) -> Body:
    """Return ``params`` of a phone search; of a search by profile the URL alone, because it wins over the name."""
    if row.get("linkedin_url"):
        return {"linkedin_url": _profile_url(row["linkedin_url"], profile)}
    sent = _sent(row, _PHONE)
    if profile.echo_profile_resolved:
        slug = "-".join(filter(None, (people.fold(text(row, key)) for key in ("firstname", "lastname"))))
        sent["linkedin_url"] = _profile_url(f"https://www.linkedin.com/in/{slug or 'member'}/", profile)
    return _resolved(sent, profile, _PHONE) if profile.resolves else sent


def verified_address(email: str, profile: Profile) -> str:
    """Return the address that was verified."""
    return email.strip().lower() if profile.echo_email_lowered else email


def _sent(row: Body, fields: tuple[str, ...]) -> Body:
    return {key: row[key] for key in fields if row.get(key)}


def _resolved(sent: Body, profile: Profile, fields: tuple[str, ...]) -> Body:
    resolved = _company(_names(sent, profile), profile)
    return {key: resolved[key] for key in fields if key in resolved}


def _names(sent: Body, profile: Profile) -> Body:
    if not profile.echo_name_folded:
        return sent
    return sent | {key: _plain(text(sent, key)) or sent[key] for key in _NAMES if key in sent}


def _plain(name: str) -> str:
    """Return a name as registers write it: ``zoë  SOMEBODY`` is Zoe Somebody. Empty without a Latin letter."""
    return " ".join(people.unaccented(name).split()).title()


def _company(sent: Body, profile: Profile) -> Body:
    domain = people.domain_of(text(sent, "company_domain"), text(sent, "company_name")) or ""
    told = dict(sent)
    if profile.echo_domain_added and domain:
        told.setdefault("company_domain", domain)
    if profile.echo_company_resolved and domain:
        told["company_name"] = f"{people.company_of(domain, None)}, Inc."
    if profile.echo_urls_rewritten and "company_domain" in told and domain:
        told["company_domain"] = f"https://www.{domain}/"
    return told


def _profile_url(url: Any, profile: Profile) -> Any:  # noqa: ANN401 -- as it was sent
    slug = people.slug_of(url) if profile.resolves and isinstance(url, str) else None
    if slug is None or not (profile.echo_slug_canonical or profile.echo_urls_rewritten):
        return url
    if profile.echo_slug_canonical:
        slug = f"{slug}-{hashlib.blake2b(slug.encode(), digest_size=4).hexdigest()}"
    return f"https://linkedin.com/in/{slug}" if profile.echo_urls_rewritten else f"https://www.linkedin.com/in/{slug}/"
