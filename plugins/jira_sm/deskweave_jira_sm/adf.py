"""Markdown and Atlassian Document Format, as far as an exchange between desks needs: both ways, pure, never failing on reading.

Paragraphs, line breaks, bold, code, links, lists, quotes and code blocks travel. Whatever else a document holds (panels, tables,
mentions, cards) degrades to its text. `settled` gives the form of a text that survives the way there and back unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from deskweave.model import Json

LIMIT: Final = 32_767  #: characters of stored text Jira takes
_INLINE = re.compile(
    r"`(?P<code>[^`\n]+)`|\*\*(?P<bold>[^*\n]+)\*\*|\[(?P<label>[^\]\[\n]+)\]\((?P<href>(?:https?://|mailto:)[^\s()]+)\)"
)
_BULLET = re.compile(r"^[-*] +(\S.*)$")
_NUMBER = re.compile(r"^\d{1,3}[.)] +(\S.*)$")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def to_adf(text: str) -> dict[str, Any]:
    """A document of `text` (Markdown). An empty text is a document without content."""
    text = _CONTROL.sub("", re.sub(r"\r\n?|\u2028|\u2029|\x85", "\n", text))
    blocks: list[dict[str, Any]] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif line.startswith("```"):
            end = next((n for n in range(at + 1, len(lines)) if lines[n].strip() == "```"), len(lines))
            code = "\n".join(lines[at + 1 : end])
            blocks.append({"type": "codeBlock", **({"content": [{"type": "text", "text": code}]} if code else {})})
            at = end + 1
        elif _BULLET.match(line) or _NUMBER.match(line):
            pattern, kind = (_BULLET, "bulletList") if _BULLET.match(line) else (_NUMBER, "orderedList")
            items = []
            while at < len(lines) and (found := pattern.match(lines[at])):
                items.append({"type": "listItem", "content": [{"type": "paragraph", "content": _inline(found.group(1).strip())}]})
                at += 1
            blocks.append({"type": kind, "content": items})
        elif line.startswith("> "):
            quoted = []
            while at < len(lines) and lines[at].startswith("> "):
                quoted.append(lines[at][2:])
                at += 1
            if any(part.strip() for part in quoted):
                blocks.append({"type": "blockquote", "content": [_paragraph([part for part in quoted if part.strip()])]})
        else:
            run: list[str] = []
            while at < len(lines) and lines[at].strip() and not _starts_block(lines[at], bool(run)):
                run.append(lines[at])
                at += 1
            blocks.append(_paragraph(run))
    return {"type": "doc", "version": 1, "content": blocks}


def _starts_block(line: str, inside: bool) -> bool:
    return inside and bool(line.startswith(("```", "> ")) or _BULLET.match(line) or _NUMBER.match(line))


def _paragraph(lines: Sequence[str]) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for number, line in enumerate(lines):
        if number:
            content.append({"type": "hardBreak"})
        content += _inline(line.strip())
    return {"type": "paragraph", "content": content}


def _inline(text: str) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    at = 0
    for found in _INLINE.finditer(text):
        if found.start() > at:
            nodes.append({"type": "text", "text": text[at : found.start()]})
        if found["code"]:
            nodes.append({"type": "text", "text": found["code"], "marks": [{"type": "code"}]})
        elif found["bold"]:
            nodes.append({"type": "text", "text": found["bold"], "marks": [{"type": "strong"}]})
        else:
            nodes.append({"type": "text", "text": found["label"], "marks": [{"type": "link", "attrs": {"href": found["href"]}}]})
        at = found.end()
    if at < len(text):
        nodes.append({"type": "text", "text": text[at:]})
    return nodes


def from_adf(document: Json) -> str:
    """The text of a document as Markdown. A plain string (an old comment, `/rest/api/2`) is taken as it is; nonsense is empty."""
    if isinstance(document, str):
        return document
    return re.sub(r"\n{3,}", "\n\n", "\n\n".join(_blocks(document, 0))).strip()


def _children(node: Json) -> Sequence[Json]:
    content = node.get("content") if isinstance(node, Mapping) else None
    return content if isinstance(content, (list, tuple)) else ()


def _attribute(node: Mapping[str, Json], *names: str) -> str:
    attributes = node.get("attrs")
    if isinstance(attributes, Mapping):
        for name in names:
            if attributes.get(name):
                return str(attributes[name])
    return ""


_INLINE_NODES: Final = frozenset(
    {"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status", "placeholder", "mediaInline"}
)


def _blocks(node: Json, depth: int) -> list[str]:
    """The blocks below `node`, each as text; a hostile depth ends in nothing."""
    if depth > 40:
        return []
    found: list[str] = []
    run: list[Json] = []
    for child in _children(node):
        kind = str(child.get("type")) if isinstance(child, Mapping) else ""
        if kind in _INLINE_NODES:
            run.append(child)
            continue
        if run:
            found.append(_text(run))
            run = []
        if isinstance(child, Mapping):
            found += _block(child, kind, depth)
    if run:
        found.append(_text(run))
    return [block for block in found if block.strip()]


def _block(node: Mapping[str, Json], kind: str, depth: int) -> list[str]:
    if kind in ("bulletList", "orderedList"):
        lines = []
        for number, item in enumerate(_children(node), 1):
            body = " ".join(" ".join(_blocks(item, depth + 1)).split("\n")).strip()
            if body:
                lines.append(f"{'-' if kind == 'bulletList' else f'{number}.'} {body}")
        return ["\n".join(lines)]
    if kind == "codeBlock":
        return ["```\n" + "".join(str(child.get("text", "")) for child in _children(node) if isinstance(child, Mapping)) + "\n```"]
    if kind == "blockquote":
        return ["\n".join(f"> {line}" for block in _blocks(node, depth + 1) for line in block.split("\n") if line.strip())]
    if kind == "rule":
        return ["---"]
    if kind in ("blockCard", "embedCard"):
        return [_attribute(node, "url")]
    if kind == "media":
        return [_attribute(node, "alt", "url")]
    if kind == "tableRow":
        return [" | ".join(" ".join(_blocks(cell, depth + 1)) for cell in _children(node))]
    return _blocks(node, depth + 1)


def _text(nodes: Sequence[Json]) -> str:
    return "\n".join(line.strip() for line in "".join(_inline_text(node) for node in nodes).split("\n")).strip("\n")


def _inline_text(node: Json) -> str:
    if not isinstance(node, Mapping):
        return ""
    kind = node.get("type")
    if kind == "hardBreak":
        return "\n"
    if kind != "text":
        return _attribute(node, "text", "url", "shortName", "timestamp")
    text = str(node.get("text") or "")
    marks = node.get("marks")
    for mark in marks if isinstance(marks, (list, tuple)) else ():
        name = mark.get("type") if isinstance(mark, Mapping) else None
        if not text.strip() or "\n" in text:
            continue
        if name == "code" and "`" not in text:
            return f"`{text}`"
        if name == "strong" and "*" not in text:
            text = f"**{text}**"
        elif name == "link" and isinstance(mark, Mapping):
            href = _attribute(mark, "href")
            if href and text != href and re.fullmatch(r"(?:https?://|mailto:)[^\s()]+", href) and not re.search(r"[\[\]]", text):
                text = f"[{text}]({href})"
    return text


def settled(text: str) -> str:
    """The form of `text` that Jira gives back as it was written: what both sides compare."""
    for _ in range(8):
        again = from_adf(to_adf(text))
        if again == text:
            return text
        text = again
    # nothing of ours takes eight rounds; what would is reduced to words, which always come back
    return re.sub(r"\s+", " ", re.sub(r"[`*\[\]()>-]", " ", text)).strip()
