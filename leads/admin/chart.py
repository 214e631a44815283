"""Credits per day as inline SVG: drawn here, coloured by the page, and read out from the table behind it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.template.loader import render_to_string
from django.utils.formats import date_format

from leads.credits.consent import credits_in_words
from leads.credits.statement import Line

# In units of the drawing, which grows and shrinks with the page.
_WIDTH, _HEIGHT = 720, 180
_LEFT, _TOP, _FLOOR = 8, 18, _HEIGHT - 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One day, as whole numbers of the drawing and in words."""

    x: int
    width: int
    spent_y: int
    spent_height: int
    reserved_y: int
    reserved_height: int
    day: str
    spent: str
    reserved: str


def days_of(lines: Sequence[Line], *, days: int, today: dt.date) -> list[Line]:
    """Return a line for each of these days up to today, oldest first: days without a job, too."""
    by_name = {line.name: line for line in lines}
    names = [str(today - dt.timedelta(days=back)) for back in range(days - 1, -1, -1)]
    return [by_name.get(name) or Line(name=name) for name in names]


def draw(lines: Sequence[Line], *, limit: Decimal | None) -> str:
    """Return the drawing of these days, with the limit of a day as a line; blank where there is nothing to draw."""
    highest = max((line.spent + line.reserved for line in lines), default=Decimal(0))
    if not highest:
        return ""
    # A limit that is far away would press the bars to the ground.
    shows_limit = limit is not None and limit <= highest * 4
    top = max(highest, limit) if shows_limit and limit is not None else highest
    step = (_WIDTH - 2 * _LEFT) / len(lines)

    def height(amount: Decimal) -> int:
        return math.ceil(amount / top * (_FLOOR - _TOP)) if amount > 0 else 0

    places = [round(_LEFT + place * step + step * 0.15) for place in range(len(lines))]
    context = {
        "width": _WIDTH,
        "height": _HEIGHT,
        "floor": _FLOOR,
        "end": _WIDTH - _LEFT,
        "start": _LEFT,
        "bars": [_bar(line, x, round(step * 0.7), height) for line, x in zip(lines, places, strict=True)],
        "top": credits_in_words(top),
        "limit": credits_in_words(limit) if limit is not None else "",
        "limit_y": _FLOOR - height(limit) if shows_limit and limit is not None else None,
    }
    return render_to_string("admin/leads/chart.html", context)


def _bar(line: Line, x: int, width: int, height: Callable[[Decimal], int]) -> Bar:
    spent, reserved = height(line.spent), height(line.reserved)
    return Bar(
        x=x,
        width=width,
        spent_y=_FLOOR - spent,
        spent_height=spent,
        reserved_y=_FLOOR - spent - reserved,
        reserved_height=reserved,
        day=date_format(dt.date.fromisoformat(line.name), "SHORT_DATE_FORMAT"),
        spent=credits_in_words(line.spent),
        reserved=credits_in_words(line.reserved),
    )
