"""Rich text as the emulated site stores it: is a document valid, what it says as wiki markup, and the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_BLOCKS: Final = frozenset({
    "paragraph", "heading", "bulletList", "orderedList", "listItem", "codeBlock", "blockquote", "rule", "table",
    "tableRow", "tableCell", "tableHeader", "panel", "mediaSingle", "media", "mediaGroup", "expand", "nestedExpand",
    "taskList", "taskItem", "decisionList", "decisionItem", "blockCard", "embedCard",
})  # fmt: skip
_INLINE: Final = frozenset({
    "text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status", "placeholder", "mediaInline",
})  # fmt: skip
_MARKS: Final = frozenset({
    "strong", "em", "code", "link", "strike", "underline", "subsup", "textColor", "backgroundColor",
})  # fmt: skip
LIMIT: Final = 32_767


def is_document(value: Any) -> bool:
    """Whether Jira takes `value` as a document: known nodes and marks only, no empty text."""
    if not isinstance(value, Mapping) or value.get("type") != "doc" or value.get("version") != 1:
        return False
    content = value.get("content")
    return isinstance(content, list) and all(_valid(node, 0) for node in content)


def _valid(node: Any, depth: int) -> bool:
    if not isinstance(node, Mapping) or depth > 50:
        return False
    kind = str(node.get("type"))
    if kind == "text":
        marks = node.get("marks", [])
        known = isinstance(marks, list) and all(isinstance(mark, Mapping) and str(mark.get("type")) in _MARKS for mark in marks)
        return isinstance(node.get("text"), str) and bool(node["text"]) and known
    if kind not in _BLOCKS and kind not in _INLINE:
        return False
    content = node.get("content", [])
    if kind in ("bulletList", "orderedList") and not content:
        return False
    return isinstance(content, list) and all(_valid(child, depth + 1) for child in content)


def plain_text(node: Any) -> str:
    """The words of a document, a line for each block."""
    if not isinstance(node, Mapping):
        return ""
    if node.get("type") == "text":
        return str(node.get("text"))
    if node.get("type") == "hardBreak":
        return "\n"
    parts = [plain_text(child) for child in node.get("content", [])]
    return ("\n" if node.get("type") in ("doc", "bulletList", "orderedList", "blockquote", "panel") else "").join(parts)


def to_wiki(node: Any) -> str:
    """A document as wiki markup, which is what the service desk API and /rest/api/2 answer with."""
    if not isinstance(node, Mapping):
        return ""
    kind, children = node.get("type"), node.get("content", [])
    if kind == "text":
        text = str(node.get("text"))
        for mark in node.get("marks", []):
            if mark.get("type") == "strong":
                text = f"*{text}*"
            elif mark.get("type") == "code":
                text = "{{" + text + "}}"
            elif mark.get("type") == "link":
                text = f"[{text}|{mark.get('attrs', {}).get('href')}]"
        return text
    if kind == "hardBreak":
        return "\n"
    if kind in ("bulletList", "orderedList"):
        return "\n".join(("* " if kind == "bulletList" else "# ") + to_wiki(item) for item in children)
    if kind == "codeBlock":
        return "{code}\n" + "".join(map(to_wiki, children)) + "\n{code}"
    inner = [to_wiki(child) for child in children]
    return "\n\n".join(inner) if kind == "doc" else "".join(inner)


def from_wiki(text: str) -> dict[str, Any]:
    """Wiki markup or plain text as a document: paragraphs and line breaks; marks stay as they were typed."""
    content = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        if not block.strip():
            continue
        nodes: list[dict[str, Any]] = []
        for number, line in enumerate(block.split("\n")):
            if number:
                nodes.append({"type": "hardBreak"})
            if line:
                nodes.append({"type": "text", "text": line})
        content.append({"type": "paragraph", "content": nodes})
    return {"type": "doc", "version": 1, "content": content}
