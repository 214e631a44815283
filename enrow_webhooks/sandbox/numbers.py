"""Phone numbers that nobody answers, yet which Google's libphonenumber calls valid.

They lie in the ranges that the regulators of four countries keep for films and books: 555-01xx in North America
(NANPA), five in France (ARCEP), 020 7946 0 in the United Kingdom (Ofcom), 0171 39200 and 0176 040690 in Germany
(Bundesnetzagentur). The French and British mobile ranges for fiction are no choice: libphonenumber refuses them.
"""

_US_AREAS = (
    "202",
    "206",
    "212",
    "213",
    "214",
    "215",
    "303",
    "305",
    "312",
    "313",
    "404",
    "408",
    "412",
    "415",
    "503",
    "512",
    "570",
    "602",
    "612",
    "617",
)
_FR_RANGES = ("19900", "26191", "35301", "46571", "53649")
_DE_RANGES = ("17139200", "176040690")


def number_for(lot: float) -> tuple[str, str]:
    """Return a number in E.164 and its ISO country for a lot from 0 (included) to 1 (excluded).

    Four of ten are American, two of ten each of the others.
    """
    choice, rest = divmod(int(lot * 10_000_000), 1_000_000)
    series, tail = divmod(rest, 10_000)
    if choice < 4:
        return f"+1{_US_AREAS[series % 20]}55501{tail % 100:02}", "US"
    if choice < 6:
        return f"+33{_FR_RANGES[series % 5]}{tail:04}", "FR"
    if choice < 8:
        return f"+442079460{tail % 1000:03}", "GB"
    return f"+49{_DE_RANGES[series % 2]}{tail % 100:02}", "DE"
