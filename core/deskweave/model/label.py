"""What people call a thing, by language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Label: TypeAlias = Mapping[str, str]  #: language -> words: {"en": "Subject", "zh": "标题"}


def say_label(label: Label | None, otherwise: str, language: str) -> str:
    """A label in `language`, else in English, else in any; `otherwise` (mostly the slug) where it has no words."""
    label = label or {}
    return label.get(language) or label.get("en") or next(iter(label.values()), "") or otherwise
