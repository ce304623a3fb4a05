"""Words people read: in every language of the practice, and no two alike where they stand side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from deskweave.documents import is_map
from deskweave.findings import Finding
from deskweave.practice.lint.sense import Path, Sense

_TEXTS: Final = frozenset(("subject", "body", "remedy", "formula"))
"""Keys whose value is a text in several languages, besides `label`."""


def labels(sense: Sense) -> Iterator[Finding]:
    """label-missing, text-missing: words that are not given in one of the practice's languages."""
    languages = sense.practice.languages
    for (kind, name), body in sense.practice.documents.items():
        for path, words in _in(body, (kind, name)):
            missing = [language for language in languages if language not in words]
            if not missing:
                continue
            stand_in = next(iter(words.values()), str(path[-1]))
            listed = ", ".join(missing)
            if path[-1] == "label":
                path, stand_in = path[:-1], next(iter(words.values()), str(path[-2]))
                message = f"no label in {listed}: readers of it will see {stand_in!r}"
                yield sense.warn("label-missing", path, stand_in, message, f"add {listed} to `label:`", languages=listed)
            else:
                message = f"no words in {listed} here: who reads {listed} is not reached in it"
                yield sense.warn("text-missing", path, path[-1], message, f"add {listed} to `{path[-1]}:`", languages=listed)


def _in(value: Mapping[str, Any], path: Path, *, without: bool = False) -> Iterator[tuple[Path, Mapping[str, str]]]:
    for key, item in value.items():
        if not is_map(item):
            continue
        if (key == "label" or key in _TEXTS or without) and all(isinstance(words, str) for words in item.values()):
            yield (*path, key), item
        else:
            yield from _in(item, (*path, key), without=key == "without" and path[0] == "Template")


def choices(sense: Sense) -> Iterator[Finding]:
    """choice-same-label: two choices of a field that people cannot tell apart."""
    for (kind, name), body in sense.practice.documents.items():
        if kind != "Fields":
            continue
        for slug, spec in body.get("fields", {}).items():
            seen: dict[tuple[str, str], str] = {}
            for choice, held in ((spec or {}).get("choices") or {}).items():
                for language, words in ((held or {}).get("label") or {}).items():
                    first = seen.setdefault((language, words), choice)
                    if first != choice:
                        message = f"{first!r} and {choice!r} of {slug!r} are both called {words!r}"
                        path: Path = (kind, name, "fields", slug, "choices", choice)
                        remedy = "give them different labels"
                        yield sense.warn("choice-same-label", path, words, message, remedy, first=first, second=choice, field=slug)
                        break
