"""Draw the newest full results as one picture, ``docs/performance.svg``: a bar per figure, as a share of its aim.

``python -m benchmarks.picture``. A result file names its figures under ``headline``: a list of {"figure": text,
"value": number, "unit": text, "aim": number or null, "beside": {name: number}}. More is better, except of seconds and
memory.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from benchmarks.report import RESULTS
from benchmarks.servers import ROOT

PICTURE = ROOT / "docs" / "performance.svg"
_LESS_IS_BETTER = frozenset({"s", "ms", "µs", "MB", "B", "GB"})
# Pixels: the whole width, one figure's height, where bars begin and where the aim stands.
_WIDTH, _ROW, _LEFT, _AIM = 920, 46, 330, 620
# A bar that is longer than so many times its aim ends there, with an arrow.
_LONGEST = 1.55
_LEGEND = "Right of the line: better than the aim. Beside each figure: what was measured in the same run."
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .small { font-size: 11px; fill: #656d76 }
.met { fill: #1a7f37 } .missed { fill: #bc4c00 } .plain { fill: #6e7781 }
.aim { stroke: #1f2328; stroke-dasharray: 3 3 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #9198a1 } .met { fill: #3fb950 }
.missed { fill: #db6d28 } .aim { stroke: #e6edf3 } }
"""


def newest(folder: Path = RESULTS) -> list[tuple[str, dict[str, Any]]]:
    """Return the newest full result of each benchmark that has a headline, with its date."""
    by_name: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*-full.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        if found.get("headline"):
            # The date begins with the first figure behind a hyphen; names sort by it.
            by_name[path.name.partition("-")[0]] = found
    return [(str(found.get("conditions", {}).get("date", ""))[:10], found) for found in by_name.values()]


def draw(folder: Path = RESULTS, picture: Path = PICTURE) -> Path:
    """Write the picture; return its path."""
    rows = [(date, figure) for date, found in newest(folder) for figure in found["headline"]]
    height = _ROW * len(rows) + 64
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        "<title>Figures of the benchmarks beside their aims</title>",
        f"<style>{_STYLE}</style>",
        f'<text x="{_AIM}" y="20" text-anchor="middle" class="small">aim</text>',
        *(part for number, (date, figure) in enumerate(rows) for part in _bar(28 + _ROW * number, figure, date)),
        f'<line x1="{_AIM}" x2="{_AIM}" y1="26" y2="{height - 34}" class="aim"/>',
        f'<text x="12" y="{height - 12}" class="small">{_LEGEND}</text>',
        "</svg>",
    ]
    picture.write_text("\n".join(parts) + "\n", encoding="utf-8")
    return picture


def share(figure: dict[str, Any]) -> float | None:
    """Return how a figure stands to its aim; 1 or more is met, None is no aim."""
    value, aim = figure["value"], figure["aim"]
    if not (value and aim):
        return None
    return float(aim / value if figure["unit"] in _LESS_IS_BETTER else value / aim)


def _bar(top: int, figure: dict[str, Any], date: str) -> list[str]:
    of_aim = share(figure)
    kind = "plain" if of_aim is None else "met" if of_aim >= 1 else "missed"
    length = (_AIM - _LEFT) * min(1.0 if of_aim is None else of_aim, _LONGEST)
    more = " →" if of_aim is not None and of_aim > _LONGEST else ""
    said = f"{_number(figure['value'])} {figure['unit']}{more}"
    aim = "" if figure["aim"] is None else f"aim {_number(figure['aim'])} {figure['unit']}"
    beside = [f"{name} {_number(value)}" for name, value in figure["beside"].items()]
    note = ", ".join(filter(None, [aim, *beside, date]))
    return [
        f'<text x="{_LEFT - 10}" y="{top + 18}" text-anchor="end">{escape(figure["figure"])}</text>',
        f'<rect x="{_LEFT}" y="{top + 4}" width="{length:.0f}" height="20" rx="2" class="{kind}"/>',
        f'<text x="{_LEFT + length + 8:.0f}" y="{top + 18}">{escape(said)}</text>',
        f'<text x="{_LEFT}" y="{top + 37}" class="small">{escape(note)}</text>',
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.4g}"


if __name__ == "__main__":
    print(draw())
