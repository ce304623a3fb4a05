"""The mapping of a log in `logs/`: read and checked, guessed and written where there is none yet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from deskweave.documents import Document, check, problem, read
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place
from deskweave.measure.logs import Guess, LogMapping, guess, read_mapping
from deskweave.measure.logs.records import (
    RecordGuess,
    RecordMapping,
    grain_of,
    guess_records,
    read_record_mapping,
    write_record_mapping,
)
from deskweave.measure.logs.table import LogTable
from deskweave.measure.logs.written import write_mapping
from deskweave.model import Grain
from deskweave.practice import Practice
from deskweave.workspace.known_logs import FOLDER

if TYPE_CHECKING:
    from deskweave.workspace.workspace import Workspace


def name_of(path: Path) -> str:
    """The name of a log from the name of its file: a slug."""
    stem = path.name.lower()
    for ending in (".gz", ".xes", ".csv", ".xlsx", ".txt"):
        stem = stem.removesuffix(ending)
    slug = re.sub(r"[^a-z0-9]+", "_", stem).strip("_").lstrip("0123456789_")
    return slug[:60] or "log"


def mapping_findings(space: Workspace) -> list[Finding]:
    """What is wrong with the mappings in `logs/`, without the files they are to read."""
    findings: list[Finding] = []
    for path in sorted((space.folder.root / FOLDER).glob("*.yaml")):
        try:
            document = mapping_document(path, path.stem)
            _read(document, space.practice)
            findings += unknown_connection(space, document)
        except DocumentError as error:
            findings += error.findings
    return findings


def mapping_of(
    space: Workspace, table: LogTable, log: str, zone: str | None, grain: Grain | None
) -> tuple[LogMapping | RecordMapping, Guess | RecordGuess | None]:
    """The mapping of the folder, and what was guessed and written where there was none.

    Raises:
        DocumentError: it cannot be read, or leaves open what has to be known.
    """
    path = space.folder.root / FOLDER / f"{log}.yaml"
    guessed: Guess | RecordGuess | None = None
    if not path.exists():
        language, wall = space.folder.language or "en", zone or space.folder.zone
        what = grain or grain_of(table, space.practice)
        if what in ("contact", "response") and what in space.practice.records:
            guessed = guess_records(table, space.practice, what, id=log, zone=wall)
            text = write_record_mapping(guessed, table, space.practice, language)
        else:
            guessed = guess(table, space.practice, id=log, zone=wall)
            text = write_mapping(guessed, table, space.practice, language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return _read(mapping_document(path, log), space.practice, table.columns), guessed


def _read(document: Document, practice: Practice, columns: tuple[str, ...] | None = None) -> LogMapping | RecordMapping:
    body = document.body
    if body.get("grain") in ("contact", "response"):
        return read_record_mapping(document, practice, columns)
    return read_mapping(document, practice, columns)


def unknown_connection(space: Workspace, document: Document) -> list[Finding]:
    """A connection that a mapping names and the folder does not have."""
    name, known = document.body.get("connection"), tuple(space.folder.connections)
    if name is None or name in known:
        return []
    message = f"{name!r} is no connection of this folder"
    return [problem("unknown-connection", document.place("/connection"), str(name), message, allowed=known, word=str(name))]


def mapping_document(path: Path, log: str) -> Document:
    """The one document of a mapping, its shape checked.

    Raises:
        DocumentError: it is not one, not of that log, or not of that shape.
    """
    name = f"{FOLDER}/{path.name}"
    documents = read(path, name)
    if len(documents) != 1 or documents[0].kind != "Log" or documents[0].id != log:
        message = f"it holds exactly one document, of kind Log and id {log}"
        found = ", ".join(one.name for one in documents)
        raise DocumentError([problem("one-log", Place(name, "", 1), found, message)])
    findings = list(check(documents[0]))
    if findings:
        raise DocumentError(findings)
    return documents[0]
