"""HTML and SVG that escape by default: what is not made by `tag` is text, whoever wrote it. Text for Markdown, by `markdown`."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import TypeAlias


class Markup(str):
    """Text that is already HTML. Only this module makes it."""

    __slots__ = ()


Child: TypeAlias = "str | int | float | Markup | Iterable[Child] | None"
_VOID = frozenset({"meta", "br", "hr", "col", "wbr", "img"})  #: of HTML; those of SVG close themselves
_DRAWN = frozenset({"rect", "line", "circle", "path", "polygon"})
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*")
#: Characters that HTML forbids even escaped, and those that turn the direction of what follows.
_BANNED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")


#: Characters that mean something to Markdown inside a line.
_MARKS = re.compile(r"([\\`*_{}\[\]|~#!])")
HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
"""Characters nobody sees, or that break or turn a line."""


def markdown(text: str) -> str:
    """Text on one line that means nothing to Markdown or HTML."""
    plain = " ".join(HIDDEN.sub(" ", text).split())
    return _MARKS.sub(r"\\\1", plain).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escaped(text: object) -> Markup:
    """Text as HTML."""
    return Markup(html.escape(_BANNED.sub("", str(text)), quote=True))


def tag(name: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """An element. `class_` is class, other underscores are hyphens; an attribute of None is left out.

    Raises:
        ValueError: the name of the element or of an attribute is none.
    """
    parts = [name]
    for key, value in attributes.items():
        if value is None:
            continue
        key = key.rstrip("_").replace("_", "-")
        if not _NAME.fullmatch(key) or key.startswith("on"):
            message = f"{key} is no attribute we write"
            raise ValueError(message)
        parts.append(f'{key}="{escaped(_number(value))}"')
    if not _NAME.fullmatch(name) or name == "script":
        message = f"{name} is no element we write"
        raise ValueError(message)
    said = " ".join(parts)
    if name in _DRAWN and not children:
        return Markup(f"<{said}/>")
    return Markup(f"<{said}>" if name in _VOID else f"<{said}>{fragment(*children)}</{name}>")


def fragment(*children: Child) -> Markup:
    """Children without an element around them."""
    made: list[str] = []
    for child in children:
        if child is None:
            continue
        if isinstance(child, Markup):
            made.append(child)
        elif isinstance(child, str | int | float):
            made.append(escaped(_number(child)))
        else:
            made.append(fragment(*child))
    return Markup("".join(made))


def style(css: str) -> Markup:
    """A style sheet of our own. It may not end its element early.

    Raises:
        ValueError: it contains a closing tag.
    """
    if "</" in css:
        message = "a style sheet holds no tags"
        raise ValueError(message)
    return Markup(f"<style>{css}</style>")


def document(language: str, *, head: Child, body: Child) -> str:
    """A whole page."""
    page = tag("html", tag("head", head), tag("body", body), lang={"zh": "zh-CN"}.get(language, language))
    return f"<!DOCTYPE html>\n{page}\n"


def _number(value: object) -> object:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value
