"""YAML in, documents out: a YAML 1.2 core reader over libyaml's events that refuses what would be read differently elsewhere.

Written on events, not on PyYAML's composer: that one recurses in C, and a file of brackets ends the process. Refused, each with a
finding and never a traceback: duplicate keys, tabs as indentation, more than 100 aliases, aliases that unfold without measure or
into themselves, nesting deeper than 64, more than 5 MiB, text that is not UTF-8, merge keys and foreign tags.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from deskweave.documents.document import API_VERSION, KINDS, Document, Spot, in_order, pointer, problem, shown
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place
from deskweave.model import Json

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_ALIASES: Final = 100
MAX_DEPTH: Final = 64
MAX_UNFOLDED: Final = 100_000

_NULL: Final = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
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
    if isinstance(what, (str, bytes)):
        source = source or "text"
        data = what.encode("utf-8", "surrogatepass") if isinstance(what, str) else what
    else:
        source = source or str(what)
        try:
            data = _bytes(what)
        except OSError as error:
            why = error.strerror or type(error).__name__
            remedy = "check the name and the permission to read it"
            raise DocumentError(
                [problem("file-unreadable", Place(source, ""), source, f"the file cannot be read: {why}", remedy=remedy)]
            ) from None
    reader = _Reader(source)
    documents = reader.documents(data)
    if reader.findings:
        raise DocumentError(in_order(reader.findings))
    return documents


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


def _bytes(path: Path | Traversable) -> bytes:
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

    def documents(self, data: bytes) -> list[Document]:
        import yaml
        from yaml.cyaml import CParser  # type: ignore[attr-defined]

        text = self.text(data)
        if text is None:
            return []
        self.lines = text.split("\n") if "\t" in text else []
        parser: Any = CParser(text)
        found: list[Document] = []
        try:
            self._documents(parser, found)
        except _Refused:
            pass
        except yaml.MarkedYAMLError as error:
            self._yaml_error(error)
        except yaml.YAMLError as error:
            reason = str(getattr(error, "reason", "")) or "it is not YAML"
            before = text.encode("utf-8")[: getattr(error, "position", None) or 0].decode("utf-8", "ignore")
            line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
            self.refuse("yaml-syntax", line, column, "", f"not readable: {' '.join(reason.split())}", "remove the character")
        finally:
            parser.dispose()
        return found

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
            inner = spot.parts.get("kind", spot)
            place = Place(self.source, "/kind", inner.line, inner.column)
            message = "a document states its kind" if kind is None else "no such kind of document"
            self.findings.append(
                problem("unknown-kind", place, shown(kind) if kind is not None else "", message, allowed=KINDS, word=kind)
            )
            return None
        if not isinstance(name, str):
            inner = spot.parts.get("id", spot)
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


class _Composer:
    """One document's events to plain values. Depth and aliases are bounded, so nothing here can run away."""

    def __init__(self, reader: _Reader, parser: Any) -> None:
        self.reader, self.parser = reader, parser
        self.anchors: dict[str, tuple[Json, Spot, int] | None] = {}
        self.aliases = 0
        self.tabbed: set[int] = set()

    def compose(self) -> tuple[Json, Spot]:
        value, spot, _ = self.node(self.parser.get_event(), 0, ())
        self.parser.get_event()  # the document's end
        return value, spot

    def node(self, event: Any, depth: int, parts: tuple[str, ...]) -> tuple[Json, Spot, int]:
        """Value, place and unfolded size of the node that begins with `event`."""
        import yaml

        mark = event.start_mark
        line, column = mark.line + 1, mark.column + 1
        if isinstance(event, yaml.AliasEvent):
            return self.alias(str(event.anchor), line, column, parts)
        if depth > MAX_DEPTH:
            self.reader.refuse("yaml-depth", line, column, "", f"nested deeper than {MAX_DEPTH} levels", parts=parts[:3])
            raise _Refused
        if self.reader.lines:
            self.tabs(mark, line, column, parts)
        anchor = event.anchor
        if anchor is not None:
            self.anchors[anchor] = None  # open: an alias to it from within would never end
        if isinstance(event, yaml.ScalarEvent):
            result: tuple[Json, Spot, int] = (self.scalar(event, line, column, parts), Spot(line, column), 1)
        elif isinstance(event, yaml.SequenceStartEvent):
            result = self.sequence(event, depth, parts)
        else:
            result = self.mapping(event, depth, parts)
        if anchor is not None:
            self.anchors[anchor] = result
        return result

    def alias(self, anchor: str, line: int, column: int, parts: tuple[str, ...]) -> tuple[Json, Spot, int]:
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            self.reader.refuse(
                "yaml-aliases", line, column, "*" + anchor, f"more than {MAX_ALIASES} aliases", "write the values out", parts
            )
            raise _Refused
        if anchor not in self.anchors:
            self.reader.refuse(
                "yaml-syntax",
                line,
                column,
                "*" + anchor,
                "no anchor of that name stands above",
                "write `&name` at the value first",
                parts,
            )
            raise _Refused
        target = self.anchors[anchor]
        if target is None:
            self.reader.refuse(
                "yaml-recursion",
                line,
                column,
                "*" + anchor,
                "an alias inside its own anchor never ends",
                "write the value out",
                parts,
            )
            raise _Refused
        if target[2] > MAX_UNFOLDED:
            self.unfolded(line, column, anchor, parts)
        return target

    def unfolded(self, line: int, column: int, anchor: str, parts: tuple[str, ...]) -> None:
        message = f"aliases unfold to more than {MAX_UNFOLDED} values"
        self.reader.refuse("yaml-aliases", line, column, "*" + anchor, message, "write the values out", parts)
        raise _Refused

    def tabs(self, mark: Any, line: int, column: int, parts: tuple[str, ...]) -> None:
        before = self.reader.lines[line - 1][: column - 1] if line <= len(self.reader.lines) else ""
        if "\t" in before[: len(before) - len(before.lstrip())] and line not in self.tabbed:
            self.tabbed.add(line)
            self.reader.refuse("yaml-tab", line, 1, "", "a tab is used as indentation", "indent with spaces", parts)

    def sequence(self, event: Any, depth: int, parts: tuple[str, ...]) -> tuple[Json, Spot, int]:
        import yaml

        self.tag(event, "seq", parts)
        items: list[Json] = []
        spots: dict[str, Spot] = {}
        size, before = 1, self.aliases
        while not isinstance(inner := self.parser.get_event(), yaml.SequenceEndEvent):
            value, spot, weight = self.node(inner, depth + 1, (*parts, str(len(items))))
            spots[str(len(items))] = spot
            items.append(value)
            size += weight
        self.bound(event, size, before, parts)
        return items, Spot(event.start_mark.line + 1, event.start_mark.column + 1, {}, spots), size

    def mapping(self, event: Any, depth: int, parts: tuple[str, ...]) -> tuple[Json, Spot, int]:
        import yaml

        self.tag(event, "map", parts)
        items: dict[str, Json] = {}
        keys: dict[str, tuple[int, int]] = {}
        spots: dict[str, Spot] = {}
        size, before = 1, self.aliases
        while not isinstance(inner := self.parser.get_event(), yaml.MappingEndEvent):
            line, column = inner.start_mark.line + 1, inner.start_mark.column + 1
            if not isinstance(inner, yaml.ScalarEvent):
                self.reader.refuse("yaml-key", line, column, "", "a key is a word, not a list, mapping or alias", parts=parts)
                raise _Refused
            if self.reader.lines:
                self.tabs(inner.start_mark, line, column, parts)
            key = inner.value
            if key == "<<" and inner.implicit[0]:
                self.reader.refuse(
                    "yaml-merge",
                    line,
                    column,
                    key,
                    "merge keys are not part of YAML 1.2",
                    "write the keys out, or use `extends`",
                    parts,
                )
            value, spot, weight = self.node(self.parser.get_event(), depth + 1, (*parts, key))
            if key in items:
                first = keys[key][0]
                self.reader.refuse(
                    "yaml-duplicate-key",
                    line,
                    column,
                    key,
                    f"the key stands twice; first in line {first}",
                    "keep one of them",
                    (*parts, key),
                )
                continue
            items[key], keys[key], spots[key] = value, (line, column), spot
            size += weight
        self.bound(event, size, before, parts)
        return items, Spot(event.start_mark.line + 1, event.start_mark.column + 1, keys, spots), size

    def bound(self, event: Any, size: int, aliases_before: int, parts: tuple[str, ...]) -> None:
        if size > MAX_UNFOLDED and self.aliases > aliases_before:
            self.unfolded(event.start_mark.line + 1, event.start_mark.column + 1, event.anchor or "", parts)

    def tag(self, event: Any, default: str, parts: tuple[str, ...]) -> str:
        tag = event.tag
        if tag is None or tag == "!":
            return default
        name = _TAGS.get(tag)
        if (
            name is None
            or (name in ("map", "seq")) != (default in ("map", "seq"))
            or (default in ("map", "seq") and name != default)
        ):
            mark = event.start_mark
            self.reader.refuse(
                "yaml-tag", mark.line + 1, mark.column + 1, tag, "only the plain tags of YAML are read", "remove the tag", parts
            )
            return default
        return name

    def scalar(self, event: Any, line: int, column: int, parts: tuple[str, ...]) -> Json:
        text: str = event.value
        if event.tag is None and event.implicit[0]:
            return self.plain(text, line, column, parts)
        name = self.tag(event, "str", parts)
        if name == "str":
            return text
        value = self.plain(text, line, column, parts)
        fits: Mapping[str, bool] = {
            "int": isinstance(value, int) and not isinstance(value, bool),
            "float": isinstance(value, (int, float)) and not isinstance(value, bool),
            "bool": isinstance(value, bool),
            "null": value is None,
        }
        if not fits[name]:
            self.reader.refuse(
                "yaml-tag", line, column, text, f"the value is not what its tag says ({name})", "remove the tag", parts
            )
        return value

    def plain(self, text: str, line: int, column: int, parts: tuple[str, ...]) -> Json:
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        if text[0] not in _NUMBER_START:
            return text
        if _INT.match(text):
            if _LEADING_ZERO.match(text):
                message = "a number with a leading zero: older readers take it for octal, newer ones drop the zero"
                self.reader.refuse("yaml-number", line, column, text, message, "quote it, or leave out the zero", parts)
                return None
            if len(text) > 19:
                self.reader.refuse("yaml-number", line, column, text, "the number is too long", "quote it if it is a word", parts)
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
        self.reader.refuse(
            "yaml-number", line, column, text, "infinity and not-a-number are no values here", "quote it if it is a word", parts
        )
        return None
