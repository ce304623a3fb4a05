"""How wide text stands on a terminal: Chinese takes two columns a character, control characters none."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, Literal

COLUMNS: Final = 80

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_NEVER_FIRST = "，。、；：？！）》」』】”’%,.;:?!)]}"
_NEVER_LAST = "（《「『【“‘([{"


@lru_cache(maxsize=4096)
def _of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def width(text: str) -> int:
    """Columns `text` takes."""
    return len(text) if text.isascii() else sum(_of(character) for character in text)


def plain(text: str) -> str:
    """`text` without anything that moves the cursor, turns the writing direction or hides: what a platform said is not trusted."""
    return _CONTROL.sub(" ", text)


def pad(text: str, columns: int, align: Literal["left", "right"] = "left") -> str:
    """`text` filled up with blanks to `columns`; longer text stays as it is."""
    blanks = " " * max(0, columns - width(text))
    return blanks + text if align == "right" else text + blanks


def cut(text: str, columns: int) -> str:
    """The beginning of `text` that fits, ending in ".." where something was left out."""
    if width(text) <= columns:
        return text
    kept, used = [], 0
    for character in text:
        used += _of(character)
        if used > columns - 2:
            break
        kept.append(character)
    return "".join(kept).rstrip() + ".."


def _pieces(text: str) -> list[str]:
    """Where a line may be broken: after a blank, and between Chinese characters."""
    found: list[str] = []
    for part in re.findall(r"\s+|[^\s]+", text):
        if part.isspace() or part.isascii():
            found.append(part)
            continue
        piece = ""
        for character in part:
            apart = piece and (_of(character) == 2 or _of(piece[-1]) == 2)
            if apart and character not in _NEVER_FIRST and piece[-1] not in _NEVER_LAST:
                found.append(piece)
                piece = ""
            piece += character
        found.append(piece)
    return found


def wrap(text: str, columns: int = COLUMNS, hang: int | None = None) -> list[str]:
    """`text` as lines of at most `columns`; what follows the first hangs at `hang` (None: the first line's own indent).

    One word longer than a whole line (an address, a path) is left whole where it fits below `columns` by itself and cut hard
    where it does not.
    """
    if width(text) <= columns:
        return [text]
    indent = len(text) - len(text.lstrip(" "))
    hanging = " " * min(indent if hang is None else hang, columns // 2)
    lines: list[str] = []
    line, empty = " " * indent, True
    for piece in _pieces(text[indent:]):
        if width(line) + width(piece) <= columns:
            line, empty = line + piece, empty and piece.isspace()
            continue
        if piece.isspace():
            continue
        if not empty:
            lines.append(line.rstrip())
            line = hanging
        while width(line) + width(piece) > columns:
            room, head = columns - width(line), ""
            for character in piece:
                if width(head) + _of(character) > room:
                    break
                head += character
            lines.append(line + head)
            line, piece = hanging, piece[len(head) :]
        line, empty = line + piece, False
    if line.strip():
        lines.append(line.rstrip())
    return lines
