"""Slugs for terms that come with a name only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Final

MOST: Final = 48
_RESERVED: Final = frozenset(("all", "any", "not", "remove", "on", "off", "yes", "no", "y", "n"))


def new_slug(label: Mapping[str, str], sort: str, taken: Collection[str]) -> str:
    """A slug a person can read: of the English name, or of the Chinese one in pinyin; numbered where it is taken.

    The same name always gives the same slug. Nobody has to like it: whoever states one in the slug column gets that.
    """
    text = label.get("en") or label.get("zh") or next(iter(label.values()), "")
    base = "_".join(re.findall(r"[a-z0-9]+", _latin(text)))
    words: list[str] = []
    for word in base.split("_"):
        if words and len("_".join([*words, word])) > MOST:
            break
        words.append(word[:MOST])
    slug = "_".join(words)
    if not slug or not slug[0].isalpha() or slug in _RESERVED:
        slug = f"{sort}_{slug}".rstrip("_")
    return unused(slug, taken)


def unused(slug: str, taken: Collection[str]) -> str:
    """The slug, or with the first number that nobody has."""
    found, number = slug, 1
    while found in taken:
        number += 1
        found = f"{slug}_{number}"
    return found


def _latin(text: str) -> str:
    """Small Latin letters: accents go, Chinese is spelled in pinyin, a word for each character."""
    text = unicodedata.normalize("NFKC", text)
    if any("\u3400" <= sign <= "\u9fff" for sign in text):
        from pypinyin import lazy_pinyin

        text = " ".join(lazy_pinyin(text))
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign))
