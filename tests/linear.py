"""Processor time against length: tells what is linear in its text from what a stranger can burn the processor with."""

from __future__ import annotations

import gc
import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

SIZE = 64_000
# Seconds of the processor for so many characters, where _yardstick() takes YARDSTICK seconds. On a slower machine, or
# in a slow moment of a shared one, both take longer.
MOST = 0.050
YARDSTICK = 0.012
# How many times longer twice the text may take. Below NOISE, seconds, the ratio says nothing.
GROWTH = 3
NOISE = 0.010
TRIES = 5
# Seconds that no busy machine explains.
HOPELESS = 1.0


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of text, of any length."""

    repeat: str
    start: str = ""
    # No class of characters has both signs and the blank: whatever reads the text up to here fails in the end.
    end: str = "! !"

    def __str__(self) -> str:
        short = self.repeat if len(self.repeat) < 20 else f"{self.repeat[:4]}…{self.repeat[-4:]}"
        return ascii(f"{self.start[:20]}({short})*{self.end}")

    def text(self, size: int) -> str:
        """Return a text of this kind of exactly so many characters."""
        body = self.start + self.repeat * (size // len(self.repeat) + 1)
        return body[: size - len(self.end)] + self.end


# As long as a signature.
_TOKEN = "A1b-_" * 8 + "xyz"
_REPEATS = [
    # Words, digits, blanks, what cannot be printed or encoded.
    *("a", "é", "例", "1", "_", " ", "\n", "\x00", "\u200b", "\udcff", "é ", "a ", "a\n"),
    # Signs.
    *(".", "@", "-", "+", "/", "\\", ":", "?", "%", "&", "=", ",", "'", '"', "(", ")", "[", "{", "<", "$"),
    # Two or three that take turns.
    *("a.", "é.", "a@", "@a)", "a)", "a(", "a-", "-.", "a/", "../", "a:", "a'", '",', '""', "a,", "a=", "'="),
    *("+1", "+ ", "1 ", "+1 ", "(1)", "1.", "1,", "1e", "%4", "%41", "%C3%A9", "&#1;", "\\u", "[]", "{}"),
    # Tokens: of the length of a signature, one shorter; behind dots, hyphens and blanks.
    *(f"{_TOKEN}.", f"{_TOKEN[:-1]}.", f"{_TOKEN}-.", f"{_TOKEN}-", f"a.{_TOKEN} "),
    # Pieces of addresses and of JSON.
    *("www.", "xn--", "://", "http://", "https://a.", "ann@acme.com ", "linkedin.com", "+33 1 99 ", '{"a":', "[1,"),
    # Accents in an order that Unicode's normal forms have to change.
    *("\u0315\u0300", "a\u0315\u0300\u0323"),
]  # fmt: skip
_STARTS = ("+", "a@", "//", '"', "[", "https://www.linkedin.com/in/")
KINDS = [
    *map(Kind, _REPEATS),
    *(Kind(repeat, start) for start in _STARTS for repeat in ("a", "\u0315\u0300")),
    *(Kind(repeat, end="") for repeat in ("a", "1", "a.", "a@", "\u0315\u0300")),
    Kind("\u0300", start="\u0315" * (SIZE // 2)),
]


def complaints(call: Callable[[str], object], kinds: Iterable[Kind] = KINDS, *, most: int = 3) -> list[str]:
    """Return a sentence for each kind of text that the call does not read in linear time, up to so many."""
    said = ((kind, _complaint(call, kind)) for kind in kinds)
    return list(itertools.islice((f"{kind}: {sentence}" for kind, sentence in said if sentence), most))


def _complaint(call: Callable[[str], object], kind: Kind) -> str:
    # Short texts first: what is exponential or quadratic is seen on them, without waiting for it to end.
    for size in (25, 1000, 8000):
        if (taken := _best(call, kind.text(size))) > MOST and taken > _most():
            return f"{size:,} characters take {taken * 1000:.1f} ms"
    text, longer = kind.text(SIZE), kind.text(2 * SIZE)
    once = twice = fourfold = math.inf
    for _ in _tries():
        once = min(once, _seconds(call, text))
        if once > MOST and once > _most():
            continue
        twice = min(twice, _seconds(call, longer))
        if twice <= max(GROWTH * once, NOISE):
            return ""
        # A step in what memory costs is no growth: the next doubling shows it. Nor are some milliseconds of a busy
        # machine: the square of the length is billions here, and seconds.
        fourfold = min(fourfold, _seconds(call, kind.text(4 * SIZE)))
        if fourfold <= max(GROWTH**2 * once, MOST):
            return ""
    return f"{SIZE:,} characters take {once * 1000:.1f} ms, twice as many {twice * 1000:.1f} ms"


def _most() -> float:
    """Return MOST as this machine is right now."""
    return MOST * max(1.0, _seconds(_yardstick, "lead") / YARDSTICK)


def _yardstick(word: str) -> dict[str, int]:
    """Do a fixed piece of work: it says how fast the machine is."""
    counts: dict[str, int] = {}
    for number in range(60_000):
        name = f"{word}{number % 977}"
        counts[name] = counts.get(name, 0) + len(name)
    return counts


def _best(call: Callable[[str], object], text: str) -> float:
    """Return the best of the tries; what is fast enough, or hopeless, is not tried again."""
    best = math.inf
    for _ in _tries():
        best = min(best, _seconds(call, text))
        if not MOST < best < HOPELESS:
            break
    return best


def _tries() -> Iterator[int]:
    """Count the tries; between them whatever else keeps the machine busy may end."""
    for number in range(TRIES):
        time.sleep(0.1 * number)
        yield number


def _seconds(call: Callable[[str], object], text: str) -> float:
    """Return the processor time of one call: of this thread, without the collector and all that it has to look at."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        start = time.thread_time()
        call(text)
        return time.thread_time() - start
    finally:
        if was_on:
            gc.enable()
