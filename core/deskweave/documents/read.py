"""YAML in, documents out: a YAML 1.2 core reader over libyaml's events that refuses what would be read differently elsewhere.

Written on events, not on PyYAML's composer: that one recurses in C, and a file of brackets ends the process. Refused, each with a
finding and never a traceback: duplicate keys, tabs as indentation, more than 100 aliases, aliases that unfold without measure or
into themselves, nesting deeper than 64, more than 5 MiB, text that is not UTF-8, merge keys and foreign tags.
"""

from __future__ import annotations

import gc
import math
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from deskweave.documents.document import (
    API_VERSION,
    COLUMNS,
    KINDS,
    Document,
    Spot,
    in_order,
    packed,
    pointer,
    problem,
    shown,
)
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place
from deskweave.model import Json

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_ALIASES: Final = 100
MAX_DEPTH: Final = 64
MAX_UNFOLDED: Final = 100_000
MAX_FINDINGS: Final = 200
"""So many of one file are told; whoever mends those finds the rest. A file of a million mistakes would fill the memory."""

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


def read(what: Path | Traversable | str | bytes, source: str | None = None) -> list[Document]:
    """The documents of one file, or of a text.

    Args:
        what: a path, or the text itself (`str` or `bytes`).
        source: the file's name in findings; by default the path, or "text".

    Raises:
        DocumentError: anything refused, all findings of the file at once.
    """
    data, source = _content(what, source)
    reader = _Reader(source)
    documents = reader.documents(data)
    if reader.findings:
        raise DocumentError(in_order(reader.findings))
    return documents


def read_value(what: Path | Traversable | str | bytes, source: str | None = None) -> tuple[Json, Spot]:
    """The one value of a file that is no document (a lock file), and where it stands; under the same rules as `read`.

    Raises:
        DocumentError: anything refused, all findings of the file at once.
    """
    data, source = _content(what, source)
    reader = _Reader(source)
    found = reader.value(data)
    if reader.findings:
        raise DocumentError(in_order(reader.findings))
    return found


def read_all(paths: Iterable[Path | Traversable], *, root: Path | None = None) -> list[Document]:
    """The documents of several files, in the order given; file names are shown relative to `root`.

    Raises:
        DocumentError: all findings of all files at once.
    """
    documents: list[Document] = []
    findings: list[Finding] = []
    for path in paths:
        source = str(path)
        if root is not None and isinstance(path, Path):
            source = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
        try:
            documents += read(path, source)
        except DocumentError as error:
            findings += error.findings
    if findings:
        raise DocumentError(in_order(findings))
    return documents


def _content(what: Path | Traversable | str | bytes, source: str | None) -> tuple[bytes, str]:
    """The bytes to read, and what to call them."""
    if isinstance(what, str):
        return what.encode("utf-8", "surrogatepass"), source or "text"
    if isinstance(what, bytes):
        return what, source or "text"
    source = source or str(what)
    try:
        return _bytes(what), source
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        remedy = "check the name and the permission to read it"
        raise DocumentError(
            [problem("file-unreadable", Place(source, ""), source, f"the file cannot be read: {why}", remedy=remedy)]
        ) from None


def _bytes(path: Path | Traversable) -> bytes:
    if isinstance(path, Path):
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a pipe would be waited for, a device never ends
            message = "it is a pipe or a device"
            raise OSError(message)
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


class _Refused(Exception):
    """The rest of the file cannot be read; the finding has been noted."""


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.findings: list[Finding] = []
        self.lines: list[str] = []

    def refuse(
        self, rule: str, line: int, column: int, found: object, message: str, remedy: str = "", parts: Iterable[str] = ()
    ) -> None:
        place = Place(self.source, pointer(parts), line, column)
        self.findings.append(problem(rule, place, shown(found, parts), message, remedy=remedy))
        if len(self.findings) >= MAX_FINDINGS:
            raise _Refused

    def documents(self, data: bytes) -> list[Document]:
        found: list[Document] = []
        text = self.text(data)
        if text is not None:
            self._guarded(text, lambda parser: self._documents(parser, found))
        return found

    def value(self, data: bytes) -> tuple[Json, Spot]:
        """The first document, whatever its shape."""
        found: list[tuple[Json, Spot]] = []
        text = self.text(data)
        if text is not None:
            self._guarded(text, lambda parser: found.append(self._first(parser)))
        return found[0] if found else (None, Spot(1, 1))

    def _guarded(self, text: str, work: Callable[[Any], None]) -> None:
        """Let the parser loose on a text; whatever it stumbles over becomes a finding."""
        import yaml
        from yaml.cyaml import CParser  # type: ignore[attr-defined]

        self.lines = text.split("\n") if "\t" in text else []
        parser: Any = CParser(text)
        # A large file makes half a million objects and no circle: looking for circles among them takes as long as reading.
        collecting = gc.isenabled()
        gc.disable()
        try:
            try:
                work(parser)
            except yaml.MarkedYAMLError as error:
                self._yaml_error(error)
            except yaml.YAMLError as error:
                reason = str(getattr(error, "reason", "")) or "it is not YAML"
                before = text.encode("utf-8")[: getattr(error, "position", None) or 0].decode("utf-8", "ignore")
                line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
                self.refuse("yaml-syntax", line, column, "", f"not readable: {' '.join(reason.split())}", "remove the character")
        except _Refused:
            pass
        finally:
            parser.dispose()
            if collecting:
                gc.enable()

    def text(self, data: bytes) -> str | None:
        if len(data) > MAX_BYTES:
            self.refuse("file-too-large", 1, 1, "", "the file is larger than 5 MiB", "split it by noun")
            return None
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            guess = "it looks like UTF-16"
        else:
            try:
                data.decode("gbk")
                guess = "it can be read as GBK"
            except UnicodeDecodeError:
                guess = "nor can it be read as GBK"
        self.refuse("file-encoding", line, column, "", f"the file is not UTF-8; {guess}", "save it as UTF-8")
        return None

    def _yaml_error(self, error: Any) -> None:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        text = " ".join(str(part) for part in (error.context, error.problem) if part)
        if self.lines and line <= len(self.lines):
            before = self.lines[line - 1][: column - 1]
            rest = self.lines[line - 1][column - 1 :]
            if not before.strip() and ("\t" in before or rest.startswith("\t")):
                self.refuse("yaml-tab", line, column, "", "a tab is used as indentation", "indent with spaces")
                return
        self.refuse("yaml-syntax", line, column, "", f"not readable: {text}", "check brackets, quotes and indentation around here")

    # ------------------------------------------------------------------------------------------------------ documents
    def _first(self, parser: Any) -> tuple[Json, Spot]:
        import yaml

        while not isinstance(event := parser.get_event(), yaml.DocumentStartEvent):
            if event is None:
                return None, Spot(1, 1)
        return _Composer(self, parser).compose()

    def _documents(self, parser: Any, found: list[Document]) -> None:
        import yaml

        first = True
        while True:
            event = parser.get_event()
            if event is None or isinstance(event, yaml.StreamEndEvent):
                return
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            body, spot = _Composer(self, parser).compose()
            if body is None:
                continue  # nothing between two separators
            document = self._document(body, spot, first)
            first = False
            if document is not None:
                found.append(document)

    def _document(self, body: Json, spot: Spot, first: bool) -> Document | None:
        if not isinstance(body, dict):
            self.refuse("document-shape", spot.line, spot.column, body, "a document is a mapping with `kind` and `id`")
            return None
        version = body.pop("apiVersion", None)
        line, column = spot.keys.get("apiVersion", (spot.line, spot.column))
        if first and version is None:
            remedy = f"begin the file with `apiVersion: {API_VERSION}`"
            self.refuse("api-version", line, column, "", "the first document of a file states its format", remedy)
        elif version is not None and not first:
            message = "apiVersion stands once per file, in its first document"
            self.refuse("api-version-twice", line, column, version, message, "remove this line", ("apiVersion",))
        elif version is not None and version != API_VERSION:
            place = Place(self.source, "/apiVersion", line, column)
            message = "this version of Deskweave does not know that format"
            self.findings.append(problem("api-version", place, shown(version), message, allowed=(API_VERSION,), word=version))
        kind, name = body.get("kind"), body.get("id")
        if not isinstance(kind, str) or kind not in KINDS:
            inner = spot.part("kind") or spot
            place = Place(self.source, "/kind", inner.line, inner.column)
            message = "a document states its kind" if kind is None else "no such kind of document"
            if kind is None and (meant := _near("kind", body)) is not None:
                place = Place(self.source, pointer((meant,)), *spot.keys[meant])
                self.findings.append(problem("unknown-kind", place, shown(meant), message, allowed=("kind",), word=meant))
                return None
            self.findings.append(
                problem("unknown-kind", place, shown(kind) if kind is not None else "", message, allowed=KINDS, word=kind)
            )
            return None
        if not isinstance(name, str):
            inner = spot.part("id") or spot
            self.refuse(
                "document-id",
                inner.line,
                inner.column,
                "" if name is None else name,
                "a document states its id",
                "add `id:` with a slug",
                ("id",),
            )
            return None
        return Document(kind=kind, id=name, body=body, source=self.source, spot=spot)


def _near(word: str, keys: Iterable[str]) -> str | None:
    """The key that was meant to be this word."""
    return next((key for key in keys if get_close_matches(key.lower(), (word,), n=1, cutoff=0.75)), None)


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


class _Composer:
    """One document's events to plain values, on a stack of its own. Depth and aliases are bounded, so nothing here can run away."""

    def __init__(self, reader: _Reader, parser: Any) -> None:
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
                    raise _Refused
                if len(stack) > MAX_DEPTH:
                    line, column = divmod(at, COLUMNS)
                    deep = f"nested deeper than {MAX_DEPTH} levels"
                    self.reader.refuse("yaml-depth", line, column, "", deep, parts=self.parts()[:3])
                    raise _Refused
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
            raise _Refused
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
        raise _Refused

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
