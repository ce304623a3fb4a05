"""What reaches the terminal: result to stdout, progress to stderr, 80 columns, any encoding, colour that only repeats words."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TextIO

from deskweave.cli.width import COLUMNS, pad, plain, width, wrap

if TYPE_CHECKING:
    from deskweave.http.redaction import Redactor

_RED, _YELLOW, _GREEN, _CYAN, _OFF = "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[36m", "\x1b[0m"
_WORDS: Final = (
    (re.compile(r"\b(?:MISS|FAIL|FAILED|BLOCKED|MISSED|STOPPED|error|[Cc]ritical)\b|失败|缺少|未达标|受阻|已停止|错误|严重"), _RED),
    (re.compile(r"\b[Ww]arn(?:ing)?\b|警告|注意|^ *[!?~] "), _YELLOW),
    (re.compile(r"^ *\+ "), _GREEN),
)
_COMMAND: Final = re.compile(r"(?:^|(?<=  )|(?<=: ))deskweave [a-z].*$")


def colours(mode: str, stream: TextIO) -> bool:
    """Whether `stream` is shown in colour: as `--color` says, else on a terminal where NO_COLOR is not set."""
    if mode == "auto":
        return not os.environ.get("NO_COLOR") and stream.isatty() and os.environ.get("TERM") != "dumb"
    return mode == "always"


def any_encoding(stream: TextIO) -> None:
    """Write "?" for what the stream's encoding lacks instead of ending in a traceback (code page 936, redirected)."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


class Screen:
    """Two streams and how to write to them. Everything passes `plain` and the redactor, so nothing from outside moves a cursor."""

    def __init__(
        self,
        *,
        out: TextIO | None = None,
        err: TextIO | None = None,
        color: str = "auto",
        quiet: bool = False,
        redactor: Redactor | None = None,
    ) -> None:
        self.out, self.err = out or sys.stdout, err or sys.stderr
        self.quiet = quiet
        self.redactor = redactor
        self._out_colour, self._err_colour = colours(color, self.out), colours(color, self.err)
        for stream in (self.out, self.err):
            any_encoding(stream)

    # ------------------------------------------------------------------------------------------------------------- lines
    def say(self, text: str = "", *, hang: int | None = None) -> None:
        """A line of the result; longer than 80 columns it is wrapped at `hang`."""
        self._lines(self.out, text, hang, self._out_colour)

    def note(self, text: str = "", *, hang: int | None = None) -> None:
        """A line of progress, to stderr; `-q` leaves it out."""
        if not self.quiet:
            self._lines(self.err, text, hang, self._err_colour)

    def warn(self, text: str = "", *, hang: int | None = None) -> None:
        """A line that `-q` does not silence, to stderr."""
        self._lines(self.err, text, hang, self._err_colour)

    def raw(self, text: str) -> None:
        """Text for machines: no wrapping, no colour; only secrets are taken out."""
        self.out.write(self._clean(text))

    def _lines(self, stream: TextIO, text: str, hang: int | None, colour: bool) -> None:
        for line in self._split(text):
            for shown in wrap(line, COLUMNS, hang):
                stream.write((painted(shown) if colour else shown) + "\n")

    def _split(self, text: str) -> list[str]:
        return [plain(line.replace("\t", "    ")) for line in self._clean(text).split("\n")]

    def _clean(self, text: str) -> str:
        return self.redactor.clean(text) if self.redactor is not None else text

    # ------------------------------------------------------------------------------------------------------------- tables
    def table(
        self, rows: Sequence[Sequence[str]], *, align: str = "", indent: int = 0, gap: int = 2, grow: int | None = None
    ) -> None:
        """Rows with their columns aligned by display width.

        Args:
            rows: cells; short rows are fine.
            align: one letter a column, "l" or "r"; what is not said is "l".
            indent: blanks in front.
            gap: blanks between columns.
            grow: the column that is shortened by wrapping when a row is too wide; default the last one.
        """
        rows = [[self._clean(cell) for cell in row] for row in rows]  # before a secret is cut in two by wrapping
        for line in table_lines(rows, align=align, indent=indent, gap=gap, grow=grow):
            self.say(line)


def table_lines(
    rows: Sequence[Sequence[str]],
    *,
    align: str = "",
    indent: int = 0,
    gap: int = 2,
    grow: int | None = None,
    columns: int = COLUMNS,
) -> list[str]:
    """`Screen.table` as lines, none wider than `columns`."""
    rows = [[plain(" ".join(cell.split("\n"))) for cell in row] for row in rows]
    count = max((len(row) for row in rows), default=0)
    if not count:
        return []
    grows = count - 1 if grow is None else grow
    widths = [max((width(row[place]) for row in rows if place < len(row)), default=0) for place in range(count)]
    fixed = indent + gap * (count - 1) + sum(size for place, size in enumerate(widths) if place != grows)
    while fixed > columns - 12:  # even the other columns do not fit: the widest of them gives way
        widest = max((place for place in range(count) if place != grows), key=lambda place: widths[place])
        widths[widest] = max(6, widths[widest] - (fixed - (columns - 12)))
        smaller = indent + gap * (count - 1) + sum(size for place, size in enumerate(widths) if place != grows)
        if smaller >= fixed:
            break
        fixed = smaller
    widths[grows] = min(widths[grows], max(10, columns - fixed))
    lines: list[str] = []
    for row in rows:
        cells = [wrap(row[place], widths[place], 0) if place < len(row) else [""] for place in range(count)]
        for number in range(max(len(cell) for cell in cells)):
            parts = [
                pad(
                    cell[number] if number < len(cell) else "",
                    widths[place],
                    "right" if place < len(align) and align[place] == "r" else "left",
                )
                for place, cell in enumerate(cells)
            ]
            lines.append((" " * indent + (" " * gap).join(parts)).rstrip())
    return lines


def painted(line: str) -> str:
    """A finished line in colour. Layout is done by now, so colour cannot disturb it."""
    match = _COMMAND.search(line)
    head, tail = (line[: match.start()], _CYAN + line[match.start() :] + _OFF) if match else (line, "")
    for pattern, colour in _WORDS:
        head = pattern.sub(lambda found, colour=colour: colour + found[0] + _OFF, head)  # type: ignore[misc]  # bound per turn
    return head + tail
