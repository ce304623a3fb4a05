"""The text of a helpdesk message: `content` is a JSON string inside the JSON, in a shape of the helpdesk's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from deskweave.model import Json
from deskweave_feishu.client import mapping, objects

_PLACEHOLDER: Final = {"image": "[image / 图片]", "file": "[file / 文件]", "media": "[video / 视频]", "audio": "[audio / 语音]"}


def plain_text(content: Json) -> str:
    """Markdown of a message's content; what could not be converted is kept as text, what is no text is named in brackets."""
    told = _decoded(content)
    if not isinstance(told, Mapping):
        return str(told or "")
    kind = str(told.get("msg_type") or "text")
    inner = _decoded(told.get("content", told.get("text")))
    if isinstance(inner, Mapping) or kind == "post":
        text = _post(mapping(inner)) if isinstance(inner, Mapping) else str(inner or "")
    else:
        text = str(inner or "")
    keys = told.get("image_keys")
    pictures = len(keys) if isinstance(keys, list) else 1 if told.get("image_key") else 0
    marks = [_PLACEHOLDER["image"]] * pictures or ([_PLACEHOLDER[kind]] if kind in _PLACEHOLDER and not text else [])
    return "\n".join(part for part in (text.strip(), *marks) if part)


def _decoded(value: Json) -> Json:
    """The value inside a JSON string, or the string itself."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            decoded: Json = json.loads(value)
        except ValueError:
            return value
        return decoded
    return value


def _post(post: Mapping[str, Json]) -> str:
    """A rich text: {"post": {"zh_cn": {title, content}}} or the language's object itself."""
    if isinstance(post.get("text"), str) and "content" not in post:
        return str(post["text"])
    told = mapping(post.get("post")) or post
    body = next((mapping(part) for part in told.values() if isinstance(part, Mapping)), told)
    lines = [str(body.get("title") or "")]
    rows = body.get("content")
    for row in rows if isinstance(rows, list) else []:
        lines.append("".join(_node(node) for node in objects(row)))
    return "\n".join(line for line in lines if line)


def _node(node: Mapping[str, Json]) -> str:
    match node.get("tag"):
        case "a":
            return f"[{node.get('text') or node.get('href') or ''}]({node.get('href') or ''})"
        case "at":
            return f"@{node.get('user_name') or node.get('user_id') or ''}"
        case "img":
            return _PLACEHOLDER["image"]
        case _:
            return str(node.get("text") or "")
