"""What a command found, in one shape for every format: text for people, an envelope of JSON, CSV, Markdown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from deskweave.cli.exits import Exit
from deskweave.findings import Finding
from deskweave.markup import markdown
from deskweave.model import Json


@dataclass(slots=True, kw_only=True)
class Report:
    """One command's answer. `text` writes it for people; everything else is made of the data."""

    command: str
    text: Callable[[], None]
    summary: Mapping[str, Any] = field(default_factory=dict)
    items: Sequence[Mapping[str, Any]] = ()
    findings: Sequence[Finding] = ()
    exit: Exit = Exit.DONE
    columns: Sequence[tuple[str, str]] = ()  #: (key of an item, heading) for CSV and Markdown; empty: the items' own keys
    folder: str = ""
    environment: str = ""


def envelope(report: Report) -> str:
    """The one JSON object every command answers with."""
    return json.dumps(
        {
            "deskweave": "v1",
            "command": report.command,
            "folder": report.folder,
            "environment": report.environment,
            "exit": int(report.exit),
            "summary": data(report.summary),
            "items": data(report.items),
            "findings": [finding_data(finding) for finding in report.findings],
        },
        ensure_ascii=True,  # whatever code page the output is sent through
        indent=2,
    )


def finding_data(finding: Finding) -> dict[str, Json]:
    """A finding as plain data."""
    place = finding.place
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "source": place.source,
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "found": finding.found,
        "message": finding.message,
        "allowed": list(finding.allowed),
        "nearest": finding.nearest,
        "remedy": finding.remedy,
    }


def data(value: Any) -> Any:
    """Any of our values as JSON: instants in UTC, durations in seconds."""
    if value is None or (isinstance(value, (bool, int, float, str)) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {str(key): data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [data(item) for item in value]
    return str(value)


def _columns(report: Report) -> Sequence[tuple[str, str]]:
    if report.columns:
        return report.columns
    return [(key, key) for key in dict.fromkeys(key for item in report.items for key in item)]


def _cell(value: Any) -> str:
    value = data(value)
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_csv(report: Report, *, raw: bool) -> str:
    """The items as CSV: for Excel with BOM and headings in the reader's language, `raw` with the keys of the data."""
    columns = _columns(report)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n" if raw else "\r\n")
    writer.writerow([key if raw else heading for key, heading in columns])
    for item in report.items:
        cells = [_cell(item.get(key)) for key, _ in columns]
        writer.writerow(cells if raw else [_harmless(cell) for cell in cells])
    return text.getvalue() if raw else "\ufeff" + text.getvalue()


def _harmless(cell: str) -> str:
    """A cell no spreadsheet takes for a formula."""
    if cell[:1] in ("=", "@", "\t", "\r") or (cell[:1] in ("+", "-") and not cell[1:2].isdigit()):
        return "'" + cell
    return cell


def as_markdown(report: Report) -> str:
    """The items as a table for merge requests."""
    columns = _columns(report)

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(markdown(cell) for cell in cells) + " |"

    lines = [f"### {markdown(report.folder)} / {markdown(report.environment)}: {report.command}", ""]
    if columns:
        lines += [line([heading for _, heading in columns]), "| " + " | ".join(["---"] * len(columns)) + " |"]
        lines += [line([_cell(item.get(key)) for key, _ in columns]) for item in report.items]
    lines += ["", "; ".join(f"{markdown(key)}: {markdown(_cell(value))}" for key, value in report.summary.items())]
    for finding in report.findings:
        lines.append(f"- **{finding.severity.value}** {markdown(finding.place.source)}: {markdown(finding.message)}")
    return "\n".join(lines) + "\n"
