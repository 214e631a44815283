"""One person, one name: titles, credentials, emoji and the order "Last, First" make no other person.

What is taken away is what no name is. "Judge", "Prince" and "Ma" are names of people, so only words that are never a
name go, two plain words stay two, and a name without any sign needs no parser.
"""

from __future__ import annotations

import functools
import re
from typing import TypeAlias

from nameparser import Lexicon, Parser, Role

from enrow_webhooks.client.blanks import FOR_NOBODY, name_filled
from enrow_webhooks.client.text import composed, is_letters, spelled


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Never a given name, with or without dots.
_TITLES = _words(
    "dr drs prof professor profdr drmed mr mister mrs ms mx miss sir rev reverend herr frau mme mlle madame "
    "mademoiselle monsieur capt lt sgt dipl-ing univ-prof priv-doz dottssa profssa señor señora señorita доктор"
)
# A title by its dot; without it somebody's name, or a word of it.
_DOTTED_TITLES = _words(
    "sr. sra. srta. dott. ing. mag. fr. hon. gen. col. maj. hr. fru. med. dent. rer. nat. phil. habil. jur. pol. oec."
)
# Never a surname, with or without dots.
_CREDENTIALS = _words(
    "phd dphil mphil mba emba msc bsc mbbs mbchb llb llm pharmd psyd edd dds dvm cpa cfa cga cisa cism cissp pmp phr "
    "sphr shrm-cp shrm-scp fcca frcs faia esq esquire mph"
)
# In these letters only: "Md" and "Rn" are names.
_CAPITAL_CREDENTIALS = frozenset({"MD", "M.D.", "RN", "R.N.", "P.E.", "B.A.", "M.A.", "M.S.", "B.S.", "J.D.", "D.O."})
# Father and son are two persons.
_GENERATIONS = _words("jr sr junior senior jnr snr ii iii iv")
# Emoji, arrows, signs of trade and what stands in the same blocks: each is a picture.
_PICTURE = re.compile(
    "[\u00a9\u00ae\u20d0-\u20ff\u2117\u2120\u2122\u2190-\u2bff\u3030\u303d\u3297\u3299\ue000-\uf8ff\U0001f000-\U0001faff]"
)
# Signs that say more than a name; an initial with its dot is plain.
_SIGN = re.compile(r"[,;:!?()\[\]{}<>\"“”„«»‘/\\|+=*&@#~_`•·]|\w\w\.|\B'| [-–—] ")
# Behind it stands what a person does: "Jane Doe | Sales", "Jane Doe - CEO".
_BEHIND = re.compile(r" [-–—|•·/@~] ")
_LAST_FIRST = re.compile(r"\A([^\W\d_]+(?:-[^\W\d_]+)?) ?, ?([^\W\d_]+(?:-[^\W\d_]+)?)")
# More than any name has; a parser's time grows faster than its text.
_LONGEST = 200
# Names with signs whose reading is remembered: the parser takes 0.3 ms.
_REMEMBERED = 10_000

# Only what is never a name is a title for the parser too: "Prince Michael Owusu" stays.
_lexicon = Lexicon.default()
_parser = Parser(
    lexicon=_lexicon.remove(titles=_lexicon.titles - _TITLES, given_name_titles=_lexicon.given_name_titles)
)


# First name and last name; the second is blank for a person of a single word. Bare, because a million are made.
Name: TypeAlias = tuple[str, str]
NOBODY: Name = ("", "")


def person(firstname: str, lastname: str, fullname: str) -> Name:
    """Return the name that three fields say.

    First and last name where both are filled; else the full name, if it has more words than the one that is filled.
    """
    if not (firstname or lastname):
        return _whole(fullname)
    if pair := _plain_pair(firstname, lastname):
        return pair
    first, last = _part(firstname), _part(lastname)
    if first and last:
        return _pair(first, last)
    name = _whole(fullname)
    return name if name[1] or not (first or last) else _whole(first or last)


def _plain_pair(first: str, last: str) -> Name | None:
    """Return what two words of letters and nothing else say, as most names are; None for all others."""
    if not (first.isalpha() and last.isalpha()):
        return None
    if first.isascii() and last.isascii():
        return _pair(first, last)
    return _pair(composed(first), composed(last)) if is_letters(first) and is_letters(last) else None


def _pair(first: str, last: str) -> Name:
    return NOBODY if first.casefold() in FOR_NOBODY and last.casefold() in FOR_NOBODY else (first, last)


@functools.lru_cache(maxsize=_REMEMBERED)
def _part(text: str) -> str:
    """Return what a field for a part of the name says, without titles and credentials."""
    if text.isalpha():
        if text.isascii():
            return text
        if is_letters(text):
            return composed(text)
    if not (words := _plain_words(text)):
        text = spelled(text)
        if text.replace("-", "").replace("'", "").isalpha():
            return text
        words = _without_pictures(name_filled(text)).split()
    if len(words) > 1:
        return _joined(_bare(words))
    return "".join(word for word in words if not (word.endswith(".") and _is_title(word)))


def _plain_words(text: str) -> list[str]:
    """Return the words of a text that is two or more of them and nothing else, in their one spelling; else none."""
    words = text.split()
    letters = "".join(words)
    if len(words) > 1 and (is_letters(letters) or (letters.isascii() and letters.isalnum())):
        return composed(" ".join(words)).split()
    return []


def _whole(text: str) -> Name:
    """Return the name that one field says."""
    first, _, last = text.partition(" ")
    if pair := _plain_pair(first, last):
        return pair
    if _is_plain(text):
        words = composed(text).split()
    else:
        text = _without_pictures(name_filled(text))
        if len(text) <= _LONGEST and _SIGN.search(text):
            return _read(text)
        words = text.split()
    if not words or (words[0].casefold() in FOR_NOBODY and FOR_NOBODY.issuperset(map(str.casefold, words))):
        return NOBODY
    # "Judge Reinhold" and "Dr No" are two words of a name.
    return _of_words(_bare(words) if len(words) > 2 else words)


def _is_plain(text: str) -> bool:
    """Tell whether a text is words of letters alone, hyphens and apostrophes within them: "Jean-Luc O'Neil"."""
    if is_letters(text):
        return True
    return not (" -" in text or "' " in text or " '" in text) and is_letters(text.replace("-", "").replace("'", ""))


@functools.lru_cache(maxsize=_REMEMBERED)
def _read(text: str) -> Name:
    """Return the name in a text with signs, of which the first word alone is left when nothing else is."""
    name = _BEHIND.split(text, maxsplit=1)[0]
    text = _joined(_bare((name if " " in name else text).split()))
    if not _SIGN.search(text):
        return _of_signs(text.split())
    if (pair := _LAST_FIRST.fullmatch(text)) and pair[2].casefold() not in _lexicon.suffix_acronyms | _GENERATIONS:
        return pair[2], pair[1]
    return _of_signs(_parsed(text) or text.split())


def _parsed(text: str) -> list[str]:
    """Return the words of the name, the first name first, as a library for names reads them."""
    parsed = _parser.parse(text)
    roles = {Role.GIVEN, Role.MIDDLE, Role.FAMILY}
    words = [token for token in parsed.tokens if token.role in roles]
    if "," in text:
        words.sort(key=lambda token: token.role is Role.FAMILY)
    generations = (token.text.strip(".,") for token in parsed.tokens if token.role is Role.SUFFIX)
    return [*(token.text for token in words), *(word for word in generations if word.casefold() in _GENERATIONS)]


def _of_words(words: list[str]) -> Name:
    return (words[0], " ".join(words[1:])) if words else NOBODY


def _of_signs(words: list[str]) -> Name:
    """Return the name in words of which some may have neither a letter nor a digit, like a lone hyphen."""
    return _of_words([word for word in words if any(map(str.isalnum, word))])


def _bare(words: list[str]) -> list[str]:
    """Return the words between the titles and the credentials; at least one."""
    start, stop = 0, len(words)
    while stop - start > 1 and _is_title(words[start]):
        start += 1
    while stop - start > 1 and _is_credential(words[stop - 1].rstrip(",")):
        stop -= 1
    return words[start:stop]


def _joined(words: list[str]) -> str:
    """Return the words as one text, "Smith, Jr." as "Smith Jr"."""
    if len(words) > 1 and words[-1].rstrip(".").casefold() in _GENERATIONS:
        words = [*words[:-2], words[-2].rstrip(","), words[-1].rstrip(".")]
    return " ".join(words).rstrip(" ,;")


def _is_title(word: str) -> bool:
    word = word.casefold().rstrip(",")
    return word.replace(".", "") in _TITLES or word in _DOTTED_TITLES


def _is_credential(word: str) -> bool:
    return word.casefold().replace(".", "") in _CREDENTIALS or word in _CAPITAL_CREDENTIALS


def _without_pictures(text: str) -> str:
    return text if text.isascii() else " ".join(_PICTURE.sub(" ", text).split())
