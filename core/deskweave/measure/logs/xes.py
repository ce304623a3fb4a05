"""XES (IEEE 1849) read as a stream: one row per event, the attributes of its trace, which stand before it, as `case:<key>`.

A log is a stranger's file: it may declare no document type and no entities, nest no deeper than logs do, and end within bounds.
"""

from __future__ import annotations

from typing import IO, Any, Final
from xml.parsers import expat

from deskweave.errors import DocumentError
from deskweave.measure.logs.table import MAX_LOG_ROWS, LogRow, LogTable, refused

_CHUNK: Final = 1 << 16
_LONGEST_TAG: Final = 1 << 22  #: bytes without a tag that ends
_DEEPEST: Final = 40
_MAX_UNPACKED: Final = 4 << 30
_ATTRIBUTES: Final = frozenset({"string", "date", "int", "float", "boolean", "id"})


class _Reader:
    """What the parser tells; rows as it goes."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.columns: dict[str, int] = {}
        self.rows: list[LogRow] = []
        self.moved = 0  #: bytes read when the last tag ended
        self._words: dict[str, str] = {}
        self._path: list[str] = []
        self._trace: dict[str, str] = {}
        self._event: dict[str, str] = {}
        self._line = 0
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.buffer_text = False

    def _refuse(self, *_: Any) -> None:
        message = "it declares a document type or entities, which no log needs"
        raise refused("not-a-log", self.source, message, line=self.parser.CurrentLineNumber)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        parent = self._path[-1] if self._path else ""
        if not self._path and tag != "log":
            raise refused("not-a-log", self.source, "it is XML, but no XES log", line=self.parser.CurrentLineNumber)
        self._path.append(tag)
        self.moved = self.parser.CurrentByteIndex
        if len(self._path) > _DEEPEST:
            raise refused("not-a-log", self.source, "it is nested deeper than any log", line=self.parser.CurrentLineNumber)
        if tag == "trace":
            self._trace = {}
        elif tag == "event":
            self._event, self._line = {}, self.parser.CurrentLineNumber
        elif tag in _ATTRIBUTES and parent in ("trace", "event"):
            key, value = attributes.get("key", "")[:200], attributes.get("value", "")
            where = self._event if parent == "event" else self._trace
            where[key if parent == "event" else f"case:{key}"] = self._words.setdefault(value, value)

    def _end(self, tag: str) -> None:
        self._path.pop()
        if tag.rpartition(":")[2] != "event":
            return
        said = {**self._trace, **self._event}
        for key in said:
            self.columns.setdefault(key, len(self.columns))
        cells = [""] * len(self.columns)
        for key, value in said.items():
            cells[self.columns[key]] = value
        self.rows.append(LogRow(self._line, tuple(cells)))
        if len(self.rows) > MAX_LOG_ROWS or len(self.columns) > 1_000:
            raise refused("sheet-too-large", self.source, f"it has more than {MAX_LOG_ROWS} events or 1000 attributes")


def read_xes(file: IO[bytes], source: str) -> LogTable:
    """Read an XES log.

    Raises:
        DocumentError: it is no XES log, or none that is read; the finding says why and where.
    """
    reader, read = _Reader(source), 0
    try:
        while chunk := file.read(_CHUNK):
            read += len(chunk)
            if read > _MAX_UNPACKED or read - reader.moved > _LONGEST_TAG:
                raise refused("file-too-large", source, "it unfolds without measure", line=reader.parser.CurrentLineNumber)
            reader.parser.Parse(chunk, False)
        reader.parser.Parse(b"", True)
    except DocumentError:
        raise
    except expat.ExpatError as error:
        raise refused("not-a-log", source, f"it is broken XML: {expat.ErrorString(error.code)}", line=error.lineno) from error
    return LogTable(source=source, form="xes", columns=tuple(reader.columns), rows=tuple(reader.rows))
