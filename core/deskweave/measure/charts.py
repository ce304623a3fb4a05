"""Charts as inline SVG, drawn here: no library, no script; readable in print and without colour, for every bar says its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from deskweave.markup import Markup, tag
from deskweave.measure.figures import number, width

WIDTH = 480
#: Classes of the style sheet, strongest first; the last is for what is gathered as "other".
SHADES = ("s1", "s2", "s3", "s4", "s5", "s6")


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """`said`: what stands at its end, `aside` in front of that; `shade`: class of the style sheet."""

    name: str
    value: float
    said: str
    shade: str = "s1"
    aside: str = ""


def columns(labels: Sequence[str], series: Sequence[Series], *, title: str, height: int = 200) -> Markup:
    """Stacked columns with their totals above them and a light scale behind."""
    totals = [sum(one.values[n] for one in series) for n in range(len(labels))]
    top = _round_up(max(totals, default=0))
    base, head, left_edge = height - 26, 18, 30
    room = (WIDTH - left_edge - 6) / max(len(labels), 1)
    thick = min(room * 0.62, 56.0)
    parts: list[Markup] = []
    for step in range(5):
        value = top * step / 4
        if value != int(value):
            continue
        y = base - (base - head) * step / 4
        parts.append(tag("line", x1=left_edge, x2=WIDTH, y1=y, y2=y, class_="axis" if step == 0 else "grid"))
        parts.append(tag("text", number(value), x=left_edge - 6, y=y + 3.5, class_="tick end"))
    for n, label in enumerate(labels):
        x = left_edge + 3 + room * n + (room - thick) / 2
        y = float(base)
        for place, one in enumerate(series):
            tall = (base - head) * one.values[n] / top
            if tall <= 0:
                continue
            y -= tall
            parts.append(tag("rect", x=x, y=y, width=thick, height=max(tall - 1, 0.5), class_=SHADES[min(place, len(SHADES) - 1)]))
        if totals[n]:
            parts.append(tag("text", number(totals[n]), x=x + thick / 2, y=y - 5, class_="value mid"))
        parts.append(tag("text", label, x=x + thick / 2, y=base + 17, class_="tick mid"))
    return _svg(height, title, parts)


def histogram(bars: Sequence[Bar], *, title: str, goal_after: int | None = None, goal: str = "", height: int = 200) -> Markup:
    """Columns side by side; a dashed line after the last one that still meets the goal."""
    top = max((bar.value for bar in bars), default=0) or 1
    base, head = height - 26, 30
    room = (WIDTH - 12) / max(len(bars), 1)
    thick = room - 8
    parts: list[Markup] = [tag("line", x1=0, x2=WIDTH, y1=base, y2=base, class_="axis")]
    for n, bar in enumerate(bars):
        x = 6 + room * n + 4
        tall = (base - head) * bar.value / top
        if bar.value:
            parts.append(tag("rect", x=x, y=base - tall, width=thick, height=tall, class_=bar.shade))
        parts.append(tag("text", bar.said, x=x + thick / 2, y=base - tall - 5, class_="value mid" if bar.value else "tick mid"))
        parts.append(tag("text", bar.name, x=x + thick / 2, y=base + 17, class_="tick mid"))
    if goal_after is not None:
        x = 6 + room * (goal_after + 1)
        parts.append(tag("line", x1=x, x2=x, y1=8, y2=base, class_="goal"))
        near_end = x > WIDTH * 0.7
        parts.append(tag("text", goal, x=x - 6 if near_end else x + 6, y=17, class_="goal-word end" if near_end else "goal-word"))
    return _svg(height, title, parts)


def rows(bars: Sequence[Bar], *, title: str, line: int = 30) -> Markup:
    """Horizontal bars, name in front and figure behind."""
    top = max((bar.value for bar in bars), default=0) or 1
    names = min(max((_points(bar.name) for bar in bars), default=0) + 12, WIDTH * 0.42)
    last = max((_points(bar.said) for bar in bars), default=0) + 14
    room = WIDTH - names - last - max((_points(bar.aside) + 8 for bar in bars if bar.aside), default=0)
    parts: list[Markup] = []
    for n, bar in enumerate(bars):
        y = n * line + 4
        parts.append(tag("text", _cut(bar.name, names - 10), x=0, y=y + line / 2 + 1, class_="name"))
        parts.append(tag("rect", x=names, y=y + 4, width=room, height=line - 14, class_="track"))
        if bar.value > 0:
            parts.append(tag("rect", x=names, y=y + 4, width=max(room * bar.value / top, 1.5), height=line - 14, class_=bar.shade))
        parts.append(tag("text", bar.said, x=WIDTH, y=y + line / 2 + 1, class_="value end"))
        parts.append(tag("text", bar.aside, x=WIDTH - last + 4, y=y + line / 2 + 1, class_="tick end") if bar.aside else Markup())
    return _svg(len(bars) * line + 6, title, parts)


def spark(values: Sequence[float | None], *, title: str, goal: float | None = None) -> Markup:
    """A small line over periods, the last one marked; the goal dashed. A period without a value is a gap."""
    known = [value for value in values if value is not None]
    bounds = [*known, *([goal] if goal is not None else [])]
    low, high = min(bounds, default=0.0), max(bounds, default=0.0)
    wide, tall, edge = 96, 22, 4
    step = (wide - 2 * edge) / max(len(values) - 1, 1)

    def place(turn: int, value: float) -> tuple[float, float]:
        return edge + step * turn, tall / 2 if high == low else tall - edge - (tall - 2 * edge) * (value - low) / (high - low)

    parts: list[Markup] = []
    if goal is not None:
        parts.append(tag("line", x1=edge, x2=wide - edge, y1=place(0, goal)[1], y2=place(0, goal)[1], class_="goal"))
    points = [None if value is None else place(turn, value) for turn, value in enumerate(values)]
    for one, other in pairwise(points):
        if one is not None and other is not None:
            parts.append(tag("line", x1=one[0], x2=other[0], y1=one[1], y2=other[1], class_="spark-line"))
    for turn, point in enumerate(points):
        if point is not None:
            last = turn == len(points) - 1
            size = 5 if last else 3
            parts.append(
                tag("rect", x=point[0] - size / 2, y=point[1] - size / 2, width=size, height=size, class_="s1" if last else "s2")
            )
    return tag("svg", tag("title", title), parts, viewBox=f"0 0 {wide} {tall}", role="img", class_="spark")


def legend(names: Sequence[str]) -> Markup:
    """Which shade is whose, in the order of the series."""
    return tag(
        "ul",
        (tag("li", tag("i", "", class_=SHADES[min(n, len(SHADES) - 1)]), name) for n, name in enumerate(names)),
        class_="legend",
    )


def _svg(height: float, title: str, parts: Sequence[Markup]) -> Markup:
    return tag("svg", tag("title", title), parts, viewBox=f"0 0 {WIDTH} {height:g}", role="img", class_="chart")


def _round_up(value: float) -> int:
    """The end of a scale of four equal steps, above `value`: 4, 8, 12, 16, 20, 24, 32, 40, 48, 60, 80 ..."""
    scale = 1
    while True:
        for step in (1, 2, 3, 4, 5, 6, 8, 10, 12, 15):
            if 4 * step * scale >= value:
                return 4 * step * scale
        scale *= 10


def _points(text: str) -> float:
    """About how wide a text stands in the charts' type."""
    return width(text) * 6.6


def _cut(text: str, points: float) -> str:
    if _points(text) <= points:
        return text
    while text and _points(text + "..") > points:
        text = text[:-1]
    return text.rstrip() + ".."
