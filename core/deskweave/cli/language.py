"""Which language a person reads, and every sentence in it. `--lang`, DESKWEAVE_LANG, the folder, the system's locale, English."""

from __future__ import annotations

import locale
import os
from collections.abc import Callable, Mapping
from importlib import import_module
from string import Formatter
from typing import Any, Final

LANGUAGES: Final = ("en", "zh")


class _Counting(Formatter):
    """`{n:error|errors}` is the number with the word it asks for; languages without plurals just write the placeholder."""

    def format_field(self, value: Any, format_spec: str) -> str:
        one, bar, many = format_spec.partition("|")
        return f"{value} {one if str(value) == '1' else many}" if bar else str(super().format_field(value, format_spec))


_FORMATTER: Final = _Counting()


class Messages:
    """Messages of one language by their ids, with their placeholders filled."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self._messages: Mapping[str, str] = import_module(f"deskweave.cli.messages.{self.language}").MESSAGES

    def __call__(self, message: str, /, **values: object) -> str:
        return _FORMATTER.vformat(self._messages[message], (), values)

    def has(self, message: str) -> bool:
        return message in self._messages

    def label(self, label: Mapping[str, str] | None, otherwise: str) -> str:
        """A practice's label in this language, else in English, else any, else the slug."""
        from deskweave.model import say_label

        return say_label(label, otherwise, self.language)


def choose(
    option: str | None,
    folder: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    system: Callable[[], str | None] | None = None,
) -> str:
    """The language to speak: the first of the places above that names one we have."""
    environ = os.environ if environ is None else environ
    for stated in (option, environ.get("DESKWEAVE_LANG"), folder):
        if stated and stated[:2].lower() in LANGUAGES:
            return stated[:2].lower()
    stated = (system or _system)() or ""
    return "zh" if stated.lower().startswith(("zh", "chinese")) else "en"


def _system() -> str | None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return os.environ[name]
    return locale.getlocale()[0]
