"""One document's YAML events to plain values, under the core schema of YAML 1.2; depth, aliases and their unfolding are bounded."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from deskweave.documents.document import COLUMNS, Spot, packed
from deskweave.model import Json

MAX_ALIASES: Final = 100
MAX_DEPTH: Final = 64
MAX_UNFOLDED: Final = 100_000

_WORDS: Final[Mapping[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_START: Final = frozenset("+-.0123456789")
_INT: Final = re.compile(r"[-+]?[0-9]+\Z")
_LEADING_ZERO: Final = re.compile(r"[-+]?0[0-9]")
_OCTAL_HEX: Final = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)\Z")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_JSON: Final = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_TAGS: Final = {f"tag:yaml.org,2002:{name}": name for name in ("str", "int", "float", "bool", "null", "map", "seq")}


class Refused(Exception):
    """The rest of the file cannot be read; the finding has been noted."""


class Reader(Protocol):
    """Who reads the file: its lines where they hold tabs, and where findings go."""

    @property
    def lines(self) -> Sequence[str]: ...
    def refuse(
        self, rule: str, line: int, column: int, found: object, message: str, remedy: str = "", parts: Iterable[str] = ()
    ) -> None:
        """Note a finding.

        Raises:
            Refused: there are so many that no more are noted.
        """
        ...


class _Frame:
    """A mapping or list whose end has not come yet."""

    __slots__ = ("anchor", "before", "inner", "items", "key", "marks", "spot")

    def __init__(self, at: int, is_map: bool, anchor: str | None, before: int) -> None:
        self.items: Any = {} if is_map else []
        self.marks: dict[str, int] = {}
        self.inner: Any = {} if is_map else []
        self.spot = Spot.of(at, self.marks, self.inner)
        self.anchor, self.before = anchor, before
        self.key: str | None = None  #: of the value that comes next; None: a key comes next, or this is a list


class Composer:
    """One document's events to plain values, on a stack of its own. Depth and aliases are bounded, so nothing here can run away."""

    def __init__(self, reader: Reader, parser: Any) -> None:
        self.reader, self.parser = reader, parser
        self.anchors: dict[str, tuple[Json, int | Spot, int] | None] = {}
        self.aliases = self.unfolded = 0
        self.tabbed: set[int] = set()
        self.stack: list[_Frame] = []
        self.doubled: list[int] = []

    def parts(self, *more: str) -> tuple[str, ...]:
        """The path of the value that is being read."""
        found = []
        for frame in self.stack:
            if isinstance(frame.items, list):
                found.append(str(len(frame.items)))
            elif frame.key is not None:
                found.append(frame.key)
        return (*found, *more)

    def compose(self) -> tuple[Json, Spot]:
        """The document whose start has just been read, up to its end.

        This runs a quarter of a million times for a large file: types are compared by identity, and what is rare (tags, tabs,
        numbers) is left to methods.
        """
        from yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

        get_event, stack, anchors, tabbed = self.parser.get_event, self.stack, self.anchors, bool(self.reader.lines)
        frame: _Frame | None = None
        count = 0  # values so far, those of aliases as often as they stand
        value: Json
        spot: int | Spot
        while True:
            event = get_event()
            kind = type(event)
            if kind is ScalarEvent:
                mark = event.start_mark
                spot = at = (mark.line + 1) * COLUMNS + mark.column + 1
                if tabbed:
                    self.tabs(mark)
                text = event.value
                if frame is not None and frame.key is None and type(frame.items) is dict:
                    self.key(frame, event, text, at)
                    continue
                if event.tag is None and event.implicit[0]:
                    if text in _WORDS:
                        value = _WORDS[text]
                    elif text[0] not in _NUMBER_START:
                        value = text
                    else:
                        value = self.number(text, at)
                elif event.tag is None:
                    value = text
                else:
                    value = self.tagged(event, at)
                count += 1
                if event.anchor is not None:
                    anchors[event.anchor] = (value, spot, 1)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                closed = stack.pop()
                value, spot = closed.items, closed.spot
                if closed.anchor is not None:
                    anchors[closed.anchor] = (value, spot, count - closed.before)
                frame = stack[-1] if stack else None
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                mark = event.start_mark
                at = (mark.line + 1) * COLUMNS + mark.column + 1
                is_map = kind is MappingStartEvent
                if frame is not None and frame.key is None and type(frame.items) is dict:
                    self.refuse("yaml-key", at, "", "a key is a word, not a list, mapping or alias")
                    raise Refused
                if len(stack) > MAX_DEPTH:
                    line, column = divmod(at, COLUMNS)
                    deep = f"nested deeper than {MAX_DEPTH} levels"
                    self.reader.refuse("yaml-depth", line, column, "", deep, parts=self.parts()[:3])
                    raise Refused
                if tabbed:
                    self.tabs(mark)
                if event.tag is not None:
                    self.tag(event, "map" if is_map else "seq", at)
                if event.anchor is not None:
                    anchors[event.anchor] = None  # open: an alias to it from within would never end
                frame = _Frame(at, is_map, event.anchor, count)
                stack.append(frame)
                count += 1
                continue
            elif kind is AliasEvent:
                value, spot, size = self.alias(event, frame)
                count += size
            else:  # the document's end; `value` is its content
                return value, spot if isinstance(spot, Spot) else Spot.of(spot, {}, {})
            if frame is None:
                continue
            if type(frame.items) is dict:
                name = frame.key
                assert name is not None
                frame.key = None
                if name in frame.items:
                    self.twice(frame, name)
                else:
                    frame.items[name] = value
                    frame.inner[name] = spot
            else:
                frame.items.append(value)
                frame.inner.append(spot)

    def refuse(self, rule: str, at: int, found: object, message: str, remedy: str = "", *more: str) -> None:
        line, column = divmod(at, COLUMNS)
        self.reader.refuse(rule, line, column, found, message, remedy, self.parts(*more))

    def key(self, frame: _Frame, event: Any, text: str, at: int) -> None:
        if text == "<<" and event.implicit[0]:
            self.refuse("yaml-merge", at, text, "merge keys are not part of YAML 1.2", "write the keys out, or use `extends`")
        frame.key = text
        if text in frame.items:
            self.doubled.append(at)
        else:
            frame.marks[text] = at

    def twice(self, frame: _Frame, name: str) -> None:
        first = frame.marks[name] // COLUMNS
        at = self.doubled.pop()
        self.refuse("yaml-duplicate-key", at, name, f"the key stands twice; first in line {first}", "keep one of them", name)

    def alias(self, event: Any, frame: _Frame | None) -> tuple[Json, int | Spot, int]:
        mark = event.start_mark
        at, anchor = packed(mark.line + 1, mark.column + 1), str(event.anchor)
        if frame is not None and frame.key is None and type(frame.items) is dict:
            self.refuse("yaml-key", at, "", "a key is a word, not a list, mapping or alias")
            raise Refused
        self.aliases += 1
        target = self.anchors.get(anchor)
        if self.aliases > MAX_ALIASES:
            self.refuse("yaml-aliases", at, "*" + anchor, f"more than {MAX_ALIASES} aliases", "write the values out")
        elif anchor not in self.anchors:
            self.refuse("yaml-syntax", at, "*" + anchor, "no anchor of that name stands above", "write `&name` at the value first")
        elif target is None:
            self.refuse("yaml-recursion", at, "*" + anchor, "an alias inside its own anchor never ends", "write the value out")
        else:
            self.unfolded += target[2]
            if self.unfolded <= MAX_UNFOLDED:
                return target
            message = f"aliases unfold to more than {MAX_UNFOLDED} values"
            self.refuse("yaml-aliases", at, "*" + anchor, message, "write the values out")
        raise Refused

    def tabs(self, mark: Any) -> None:
        line, lines = mark.line + 1, self.reader.lines
        before = lines[mark.line][: mark.column] if mark.line < len(lines) else ""
        if "\t" in before[: len(before) - len(before.lstrip())] and line not in self.tabbed:
            self.tabbed.add(line)
            self.reader.refuse("yaml-tab", line, 1, "", "a tab is used as indentation", "indent with spaces", self.parts())

    def tag(self, event: Any, default: str, at: int) -> str:
        tag = event.tag
        if tag is None or tag == "!":
            return default
        name = _TAGS.get(tag)
        if (
            name is None
            or (name in ("map", "seq")) != (default in ("map", "seq"))
            or (default in ("map", "seq") and name != default)
        ):
            self.refuse("yaml-tag", at, tag, "only the plain tags of YAML are read", "remove the tag")
            return default
        return name

    def tagged(self, event: Any, at: int) -> Json:
        text: str = event.value
        name = self.tag(event, "str", at)
        if name == "str":
            return text
        value = _WORDS[text] if text in _WORDS else self.number(text, at) if text[0] in _NUMBER_START else text
        fits: Mapping[str, bool] = {
            "int": isinstance(value, int) and not isinstance(value, bool),
            "float": isinstance(value, (int, float)) and not isinstance(value, bool),
            "bool": isinstance(value, bool),
            "null": value is None,
        }
        if not fits[name]:
            self.refuse("yaml-tag", at, text, f"the value is not what its tag says ({name})", "remove the tag")
        return value

    def number(self, text: str, at: int) -> Json:
        """A plain word that begins as a number does."""
        if _INT.match(text):
            if _LEADING_ZERO.match(text):
                message = "a number with a leading zero: older readers take it for octal, newer ones drop the zero"
                self.refuse("yaml-number", at, text, message, "quote it, or leave out the zero")
                return None
            if len(text) > 19:
                self.refuse("yaml-number", at, text, "the number is too long", "quote it if it is a word")
                return None
            return int(text)
        if _OCTAL_HEX.match(text):
            return int(text, 0) if len(text) <= 18 else text
        if _FLOAT.match(text):
            number = float(text)
            if math.isfinite(number):
                return number
        elif not _NOT_JSON.match(text):
            return text
        self.refuse("yaml-number", at, text, "infinity and not-a-number are no values here", "quote it if it is a word")
        return None
