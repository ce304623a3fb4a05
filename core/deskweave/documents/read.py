"""YAML in, documents out: a YAML 1.2 core reader over libyaml's events that refuses what would be read differently elsewhere.

Written on events, not on PyYAML's composer: that one recurses in C, and a file of brackets ends the process. Refused, each with a
finding and never a traceback: duplicate keys, tabs as indentation, more than 100 aliases, aliases that unfold without measure or
into themselves, nesting deeper than 64, more than 5 MiB, text that is not UTF-8, merge keys and foreign tags.
"""

from __future__ import annotations

import gc
import stat
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from deskweave.documents.composer import Composer, Refused
from deskweave.documents.document import (
    API_VERSION,
    KINDS,
    Document,
    Spot,
    in_order,
    pointer,
    problem,
    shown,
)
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place
from deskweave.model import Json

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_FINDINGS: Final = 200
"""So many of one file are told; whoever mends those finds the rest. A file of a million mistakes would fill the memory."""


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
        found = source if len(source) <= 80 else f"...{source[-77:]}"  # the end of a long path says which file it is
        raise DocumentError(
            [problem("file-unreadable", Place(source, ""), found, f"the file cannot be read: {why}", remedy=remedy)]
        ) from None


def _bytes(path: Path | Traversable) -> bytes:
    if isinstance(path, Path):
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a pipe would be waited for, a device never ends
            message = "it is a pipe or a device"
            raise OSError(message)
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


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
            raise Refused

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
        except Refused:
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
        return Composer(self, parser).compose()

    def _documents(self, parser: Any, found: list[Document]) -> None:
        import yaml

        first = True
        while True:
            event = parser.get_event()
            if event is None or isinstance(event, yaml.StreamEndEvent):
                return
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            body, spot = Composer(self, parser).compose()
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
