"""Statuses and the ways between them, drawn for paper: boxes one under the other, by phase, and ways beside them.

A way between neighbours is an arrow in the gap between their boxes. Every other one has a lane of its own, forward on the right,
back on the left: lines enter and leave at a box's height and labels stand at a gap's height, so that no label lies under a line,
however many statuses a client adds. The shorter a way, the nearer its lane. A way from a status to itself is left to the table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from deskweave.markup import Markup, fragment, tag
from deskweave.practice.handbook.tree import Drawing, Edge, Node
from deskweave.practice.handbook.widths import width

_PHASES: Final = ("new", "active", "waiting", "resolved", "closed", "cancelled")
_BOX: Final = 168  #: wide
_LOW: Final = 34  #: high, without lines at its sides
_PORT: Final = 15  #: between two lines at one side
_LINE: Final = 14  #: of text
_LANE: Final = 26  #: from box to the first lane, and from a label to the next lane
_UNIT: Final = 6.8  #: width of a Latin character of a label
_WRAP: Final = 13  #: characters of a label's line
_MARGIN: Final = 8
_PAGE: Final = 672  #: width of the page without its margins, in CSS pixels


@dataclass(slots=True)
class _Way:
    edge: Edge
    lines: list[str]
    first: int  #: topmost row it touches
    last: int
    at: float = 0  #: x of its lane
    ports: dict[int, float] = field(default_factory=dict)  #: row -> y

    @property
    def wide(self) -> float:
        return max(width(line) for line in self.lines) * _UNIT


def drawn(drawing: Drawing) -> tuple[Markup, float, float]:
    """The drawing as SVG, and how wide and high it is on the page, in CSS pixels. The text in it is text."""
    picture = _Picture(drawing)
    # set for paper: a label of 11 units is 8 points there, unless the drawing is wider than the page
    size = min(_PAGE / picture.whole, 0.92)
    return picture.svg(), picture.whole * size, picture.tall * size


class _Picture:
    def __init__(self, drawing: Drawing) -> None:
        self.title = drawing.title
        self.nodes = sorted(drawing.nodes, key=lambda one: (one.name != drawing.initial, _rank(one)))
        self.initial = drawing.initial
        row = {node.name: place for place, node in enumerate(self.nodes)}
        self.row = row
        self.gaps: dict[tuple[int, bool], list[str]] = defaultdict(list)  #: (upper row, downward) -> labels
        self.sides: dict[bool, list[_Way]] = {True: [], False: []}  #: forward on the right, back on the left
        for edge in drawing.edges:
            sources = [one for one in edge.sources if one in row and one != edge.target]
            if not sources or edge.target not in row:
                continue
            target = row[edge.target]
            if len(sources) == 1 and abs(row[sources[0]] - target) == 1:
                self.gaps[min(row[sources[0]], target), target > row[sources[0]]].append(edge.label)
                continue
            for forward in (True, False):
                part = [one for one in sources if (row[one] < target) is forward]
                if part:
                    rows = [row[one] for one in part] + [target]
                    way = _Way(
                        Edge(sources=tuple(part), target=edge.target, label=edge.label), wrapped(edge.label), min(rows), max(rows)
                    )
                    self.sides[forward].append(way)
        self._lay()

    def _lay(self) -> None:
        for ways in self.sides.values():
            ways.sort(key=lambda way: (way.last - way.first, way.first))
        lines = [len(one) for ways in self.sides.values() for way in ways for one in [way.lines]]
        lines += [len(wrapped(" / ".join(labels))) for labels in self.gaps.values()]
        self.gap = max(34, _LINE * max(lines, default=1) + 13)
        self.top: list[float] = []
        self.high: list[float] = []
        y = _MARGIN + 26.0
        for place in range(len(self.nodes)):
            ports = max(sum(self._touches(way, place) for way in ways) for ways in self.sides.values())
            high = max(_LOW, _PORT * (ports + 1))
            self.top.append(y)
            self.high.append(high)
            y += high + self.gap
        self.tall = y - self.gap + _MARGIN
        for forward, ways in self.sides.items():
            self._ports(ways, forward)
        left = self._lanes(self.sides[False])
        self.left = max(left, 40) + _MARGIN
        right = self._lanes(self.sides[True])
        self.whole = self.left + _BOX + max(right, 40) + _MARGIN
        for way in self.sides[False]:
            way.at = self.left - way.at
        for way in self.sides[True]:
            way.at = self.left + _BOX + way.at

    def _touches(self, way: _Way, place: int) -> bool:
        return place == self.row[way.edge.target] or any(self.row[one] == place for one in way.edge.sources)

    @staticmethod
    def _lanes(ways: Sequence[_Way]) -> float:
        """Where the lanes lie, counted from the boxes; answers how far they reach."""
        x = 0.0
        for way in ways:
            x += _LANE
            way.at = x
            x += way.wide
        return x

    def _ports(self, ways: list[_Way], forward: bool) -> None:
        """At which height a line meets a box. Outer lines leave nearer to the edge they come from, so that few cross."""
        for place in range(len(self.nodes)):
            here = [way for way in ways if self._touches(way, place)]
            coming = [way for way in here if self.row[way.edge.target] == place]
            going = [way for way in here if way not in coming]
            # forward ways come from above: the innermost first; they leave below it, the outermost first
            ordered = [*coming, *reversed(going)] if forward else [*going, *reversed(coming)]
            for number, way in enumerate(ordered, 1):
                way.ports[place] = self.top[place] + self.high[place] * number / (len(ordered) + 1)

    # ------------------------------------------------------------------------------------------------------------ drawing
    def svg(self) -> Markup:
        middle = self.left + _BOX / 2
        start = fragment(
            tag("circle", cx=middle, cy=_MARGIN + 5, r=5, fill="#1c2733"),
            _line([(middle, _MARGIN + 10), (middle, self.top[self.row.get(self.initial, 0)])]),
            _arrow(middle, self.top[self.row.get(self.initial, 0)], 0, 1),
        )
        lanes = [self._way(way, forward) for forward, ways in self.sides.items() for way in ways]
        gaps = [self._gap(place, down, labels) for (place, down), labels in sorted(self.gaps.items())]
        boxes = [self._box(place, node) for place, node in enumerate(self.nodes)]
        return tag(
            "svg",
            tag("title", self.title),
            start,
            lanes,
            gaps,
            boxes,
            viewBox=f"0 0 {self.whole:.0f} {self.tall:.0f}",
            role="img",
            xmlns="http://www.w3.org/2000/svg",
            width=f"{self.whole:.0f}",
            height=f"{self.tall:.0f}",
            font_family="Segoe UI, Helvetica, Noto Sans, Liberation Sans, Arial, Microsoft YaHei, Noto Sans CJK SC, sans-serif",
        )

    def _box(self, place: int, node: Node) -> Markup:
        ends = node.phase in ("closed", "cancelled")
        x, y, high = self.left, self.top[place], self.high[place]
        lines = wrapped(node.label, 24)
        begin = y + high / 2 - _LINE * (len(lines) - 1) / 2 + 4.5
        return fragment(
            tag("rect", x=x, y=y, width=_BOX, height=high, fill="#f3f6f8", stroke="#1f5a85", stroke_width=1.4),
            tag("rect", x=x + 3, y=y + 3, width=_BOX - 6, height=high - 6, fill="none", stroke="#1f5a85", stroke_width=0.7)
            if ends
            else None,
            [
                tag("text", line, x=x + _BOX / 2, y=begin + number * _LINE, font_size=12.5, font_weight="bold", fill="#1c2733",
                    text_anchor="middle")
                for number, line in enumerate(lines)
            ],
        )  # fmt: skip

    def _gap(self, place: int, down: bool, labels: list[str]) -> Markup:
        upper, lower = self.top[place] + self.high[place], self.top[place + 1]
        x = self.left + _BOX / 2 + (-9 if down else 9)
        end = lower if down else upper
        lines = wrapped(" / ".join(labels))
        return fragment(
            _line([(x, upper), (x, lower)]),
            _arrow(x, end, 0, 1 if down else -1),
            _label(lines, x + (-7 if down else 7), (upper + lower) / 2, "end" if down else "start"),
        )

    def _way(self, way: _Way, forward: bool) -> Markup:
        side = self.left + _BOX if forward else self.left
        target = self.row[way.edge.target]
        ends = [way.ports[target], *(way.ports[self.row[one]] for one in way.edge.sources)]
        parts = [_line([(way.at, min(ends)), (way.at, max(ends))])]
        parts += [_line([(side, way.ports[self.row[one]]), (way.at, way.ports[self.row[one]])]) for one in way.edge.sources]
        parts += [
            _line([(way.at, way.ports[target]), (side, way.ports[target])]),
            _arrow(side, way.ports[target], -1 if forward else 1, 0),
        ]
        # the label stands in the gap nearest to where the way leads
        upper = target - 1 if forward else target
        middle = self.top[upper] + self.high[upper] + self.gap / 2
        parts.append(_label(way.lines, way.at + (6 if forward else -6), middle, "start" if forward else "end"))
        return fragment(parts)


def _rank(node: Node) -> int:
    return _PHASES.index(node.phase) if node.phase in _PHASES else len(_PHASES)


def wrapped(text: str, room: int = _WRAP) -> list[str]:
    """A label in lines of about `room` characters: Latin words are kept whole, Chinese is broken anywhere."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and width(line.rstrip()) + width(piece.rstrip()) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(text: str) -> list[str]:
    found: list[str] = []
    word = ""
    for one in " ".join(text.split()):
        if width(one) == 2:
            found += [word] if word else []
            word = ""
            found.append(one)
            continue
        word += one
        if one in " /" or width(word) >= _WRAP:  # a word longer than a line is broken: beside it runs the next way
            found.append(word)
            word = ""
    return [*found, word] if word else found


def _line(points: Sequence[tuple[float, float]]) -> Markup:
    (x1, y1), (x2, y2) = points
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke="#5b6876", stroke_width=1.1)


def _arrow(x: float, y: float, across: int, down: int) -> Markup:
    """The head of an arrow that ends at a point, going `across` or `down`."""
    back, wing = 7, 3.4
    bx, by = x - across * back, y - down * back
    corners = [(x, y), (bx + down * wing, by + across * wing), (bx - down * wing, by - across * wing)]
    return tag("polygon", points=" ".join(f"{px:.1f},{py:.1f}" for px, py in corners), fill="#5b6876")


def _label(lines: Sequence[str], x: float, middle: float, anchor: str) -> Markup:
    begin = middle - _LINE * (len(lines) - 1) / 2 + 4
    return fragment(
        [
            tag("text", line, x=x, y=begin + number * _LINE, font_size=11, fill="#1c2733", text_anchor=anchor)
            for number, line in enumerate(lines)
        ]
    )
