"""What every command understands: taken out of the command line wherever it stands, before anything else is imported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from deskweave.cli.commands import PAGES

Format = Literal["text", "json", "csv", "csv-raw", "md", "html", "parquet"]
FORMATS: Final = ("text", "json", "csv", "md")


class Misused(Exception):
    """A common option that says nothing we know; `message` is an id of the messages."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message, self.values = message, values


@dataclass(slots=True, kw_only=True)
class Options:
    """The common options of one call."""

    folder: Path = Path()
    environment: str | None = None
    language: str | None = None
    format: Format = "text"
    output: Path | None = None
    color: Literal["auto", "always", "never"] = "auto"
    quiet: bool = False
    verbose: int = 0
    trace: Path | None = None
    debug: bool = False


#: name on the command line -> (attribute, placeholder); an empty placeholder takes no value. Shown by every `--help`.
COMMON: Final[dict[str, tuple[str, str]]] = {
    "-C": ("folder", "DIR"),
    "--env": ("environment", "NAME"),
    "--lang": ("language", "en|zh"),
    "--format": ("format", "text|json|csv|md"),
    "--json": ("json", ""),
    "--csv": ("csv", ""),
    "-o": ("output", "FILE"),
    "--color": ("color", "auto|always|never"),
    "-q": ("quiet", ""),
    "-v": ("verbose", ""),
    "--trace": ("trace", "FILE"),
    "--debug": ("debug", ""),
}
_LONGER: Final = {"--output": "-o", "--quiet": "-q", "--verbose": "-v", "--folder": "-C"}


def take_common(arguments: list[str]) -> tuple[Options, list[str]]:
    """Common options and what remains for the command.

    Raises:
        Misused: an option lacks its value, or has one that is not allowed.
    """
    options, rest = Options(), []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            rest += [word, *waiting]
            break
        name, equals, value = word.partition("=")
        name = _LONGER.get(name, name)
        if name in ("-vv", "-vvv"):
            options.verbose += len(name) - 1
            continue
        if name not in COMMON:
            rest.append(word)
            continue
        attribute, placeholder = COMMON[name]
        if placeholder and not equals:
            if not waiting:
                raise Misused("option-needs-value", option=name, value=placeholder)
            value = waiting.pop(0)
        _set(options, name, attribute, value)
    if options.format == "parquet" and rest[:1] != ["export"]:
        raise Misused("option-value", option="--format", value="parquet", allowed=", ".join(FORMATS))
    if options.format == "html" and tuple(rest[:2]) not in PAGES:
        raise Misused("option-value", option="--format", value="html", allowed=", ".join(FORMATS))
    return options, rest


def _set(options: Options, name: str, attribute: str, value: str) -> None:
    allowed: tuple[str, ...] = ()
    match attribute:
        case "folder":
            options.folder = Path(value)
        case "output":
            options.output = Path(value)
        case "trace":
            options.trace = Path(value)
        case "environment":
            options.environment = value
        case "language":
            allowed, options.language = ("en", "zh"), value
        case "format":
            allowed = (*FORMATS, "html", "parquet")
            options.format = value  # type: ignore[assignment]  # checked below
        case "color":
            allowed = ("auto", "always", "never")
            options.color = value  # type: ignore[assignment]  # checked below
        case "json":
            options.format = "json"
        case "csv":
            if value not in ("", "raw"):
                raise Misused("option-value", option="--csv", value=value, allowed="--csv, --csv=raw")
            options.format = "csv-raw" if value else "csv"
        case "quiet":
            options.quiet = True
        case "verbose":
            options.verbose += 1
        case "debug":
            options.debug = True
    if allowed and value not in allowed:
        raise Misused("option-value", option=name, value=value, allowed=", ".join(allowed))
