"""Files the machine writes and people commit: lock files and the by-hand register.

One spelling per content (sorted, quoted wherever a reader of any YAML version could take it for something else), so that writing
the same again changes no byte; and a reader that knows the line of everything and refuses what this writer never writes: aliases,
tags, duplicate keys (two branches merged into one file), depth without measure. It reads events, not PyYAML's composer, which
recurses in C.
"""

from __future__ import annotations

import json
import math
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place, Severity
from deskweave.model import Json

MAX_DEPTH: Final = 24
MAX_BYTES: Final = 20 * 1024 * 1024
_PLAIN: Final = re.compile(r"[A-Za-z_\u4e00-\u9fff][-A-Za-z0-9_/@.\u4e00-\u9fff]*\Z")
_WORDS: Final = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan"))
_NUMBER: Final = re.compile(r"-?[0-9]+\Z")
_FLOAT: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?\Z")
_UNSAFE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class MachineFile:
    """What a file says, and the line (from 1) of every key and item by its path."""

    source: str
    value: Json
    lines: Mapping[tuple[str, ...], int]

    def line(self, *path: str) -> int:
        """The line of a path, or of the nearest parent that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def finding(self, rule: str, path: Sequence[str], found: object, message: str, allowed: tuple[str, ...] = ()) -> Finding:
        return _finding(rule, self.source, "/" + "/".join(path), self.line(*path), found, message, allowed)


def emit(value: Mapping[str, Json], head: str = "") -> str:
    """A mapping as YAML text: keys sorted, two spaces, line feeds."""
    lines: list[str] = []
    _emit(value, 0, lines)
    return head + "\n".join(lines) + "\n"


def parse(path: Path, rule: str) -> MachineFile:
    """Read a file that `emit` wrote, or that a person has edited since.

    Raises:
        DocumentError: with the line of every problem, under `rule`.
    """
    import yaml

    source = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        message = f"the file cannot be read: {error.strerror or type(error).__name__}"
        raise DocumentError([_finding(rule, source, "", 1, "", message)]) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DocumentError([_finding(rule, source, "", line, "", "the file is not UTF-8")]) from None
    if len(data) > MAX_BYTES:
        raise DocumentError([_finding(rule, source, "", 1, "", "the file is larger than 20 MiB")])
    for number, line_text in enumerate(text.split("\n"), 1):
        if line_text.startswith(("<<<<<<<", "=======", ">>>>>>>")):
            message = "a merge left its marks here: take one side, then plan again"
            raise DocumentError([_finding(rule, source, "", number, line_text, message)])
    reader = _Events(source, rule)
    try:
        value = reader.read(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        message = f"not readable: {error.problem or error.context or 'broken YAML'}"
        raise DocumentError([_finding(rule, source, "", mark.line + 1 if mark else 1, "", message)]) from None
    except yaml.YAMLError:
        raise DocumentError([_finding(rule, source, "", 1, "", "not readable: a character that YAML does not allow")]) from None
    if reader.findings:
        raise DocumentError(reader.findings)
    return MachineFile(source, value, reader.lines)


def write_whole(path: Path, content: bytes) -> bool:
    """Replace a file in one step, so that a crash leaves the old one or the new one. False: it said so already, not touched."""
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if os.name == "posix":  # mkstemp makes it private; a committed file keeps its mode, a new one has the usual one
            os.chmod(name, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return True


def _emit(value: Mapping[str, Json], depth: int, lines: list[str]) -> None:
    pad = "  " * depth
    for name in sorted(value, key=_natural):
        part = value[name]
        if isinstance(part, Mapping) and part:
            lines.append(f"{pad}{_word(name)}:")
            _emit(part, depth + 1, lines)
        else:
            lines.append(f"{pad}{_word(name)}: {_flow(part)}")


def _natural(text: str) -> list[tuple[int, int, str]]:
    """J-2 before J-10."""
    return [(0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part) for part in re.split(r"([0-9]{1,9})", text)]


def _flow(value: Json) -> str:
    if isinstance(value, str):
        return _word(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_word(name)}: {_flow(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_flow(part) for part in value) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return _word(str(value))
    return json.dumps(value)


def _word(text: str) -> str:
    if _PLAIN.match(text) and text.lower() not in _WORDS:
        return text
    # a JSON string is a YAML string, but for characters that YAML calls unprintable
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))


def _finding(rule: str, source: str, path: str, line: int, found: object, message: str, allowed: tuple[str, ...] = ()) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.ERROR,
        place=Place(source=source, path=path, line=line),
        found=str(found)[:80],
        message=message,
        allowed=allowed,
        remedy="mend the line, or take the last committed version of the file",
    )


class _Events:
    """Builds plain values from a stream of YAML events, without recursion into C and without aliases."""

    def __init__(self, source: str, rule: str) -> None:
        self.source, self.rule = source, rule
        self.findings: list[Finding] = []
        self.lines: dict[tuple[str, ...], int] = {}

    def read(self, events: Any) -> Json:
        import yaml

        stream = iter(events)
        for event in stream:
            if isinstance(event, (yaml.StreamStartEvent, yaml.DocumentStartEvent)):
                continue
            if isinstance(event, yaml.StreamEndEvent):
                return None
            value = self._node(event, stream, ())
            for rest in stream:
                if isinstance(rest, yaml.DocumentStartEvent):
                    self._complain((), _line(rest), "", "one document per file")
                    break
            return value
        return None

    def _node(self, event: Any, stream: Any, path: tuple[str, ...]) -> Json:
        import yaml

        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if len(path) > MAX_DEPTH:
            self._complain(path[:3], line, "", f"nested deeper than {MAX_DEPTH} levels")
            raise DocumentError(self.findings)
        if isinstance(event, yaml.MappingStartEvent):
            mapping: dict[str, Json] = {}
            for key in stream:
                if isinstance(key, yaml.MappingEndEvent):
                    break
                at = key.start_mark.line + 1
                if not isinstance(key, yaml.ScalarEvent):
                    self._complain(path, at, "", "a key is a word")
                    raise DocumentError(self.findings)
                here = (*path, key.value)
                if key.value in mapping:
                    self._complain(here, at, key.value, f"stands here twice; first in line {self.lines[here]}")
                self.lines.setdefault(here, at)
                mapping[key.value] = self._node(next(stream), stream, here)
            return mapping
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Json] = []
            for item in stream:
                if isinstance(item, yaml.SequenceEndEvent):
                    break
                here = (*path, str(len(items)))
                self.lines[here] = item.start_mark.line + 1
                items.append(self._node(item, stream, here))
            return items
        self._complain(path, line, "", "an alias: this file is written without any")
        raise DocumentError(self.findings)

    def _complain(self, path: tuple[str, ...], line: int, found: object, message: str) -> None:
        self.findings.append(_finding(self.rule, self.source, "/" + "/".join(path), line, found, message))


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _scalar(event: Any) -> Json:
    text = str(event.value)
    if not event.implicit[0]:
        return text
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _NUMBER.match(text) and len(text) < 19:
        return int(text)
    if _FLOAT.match(text) and math.isfinite(float(text)):
        return float(text)
    return text
