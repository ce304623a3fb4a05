"""Who said what: the layers the practice is composed of, with a digest of every file's share (practice M2: nothing is hidden)."""

from __future__ import annotations

import hashlib
import json

from deskweave.documents import Document
from deskweave.practice.handbook.tree import Row, Section, cell, group, row, say, section, table
from deskweave.practice.handbook.voice import Voice

_SHORT = 12  #: digits of a digest


def chapter(voice: Voice) -> Section | None:
    practice = voice.practice
    values: dict[str, int] = {}
    documents: dict[str, dict[tuple[str, str], Document]] = {}
    for document in practice.origins.values():
        values[document.source] = values.get(document.source, 0) + 1
        documents.setdefault(document.source, {})[document.kind, document.id] = document
    layers: dict[str, list[str]] = {}
    for source in documents:
        layers.setdefault(_layer(voice, source), []).append(source)
    rows: list[Row] = []
    for layer, sources in layers.items():
        rows.append(group(layer))
        for source in sorted(sources):
            found = documents[source]
            kinds: dict[str, int] = {}
            for kind, _ in found:
                kinds[kind] = kinds.get(kind, 0) + 1
            rows.append(
                row(
                    source,
                    voice.list(kind if count == 1 else f"{kind} x {count}" for kind, count in kinds.items()),
                    str(values[source]),
                    cell("", code=_digest(found)),
                )
            )
    heads = (voice("File", "文件"), voice("Documents", "文档"), voice("Values in force", "生效的值"), voice("Digest", "摘要"))
    return section(
        "origin",
        voice("Origin", "来源"),
        [
            say(
                voice(
                    "The practice is composed of layers; a higher one may change what a lower one says. Each value has one "
                    "origin, which "
                    "deskweave practice show KIND/ID --origin names with its line. Digest of the whole: {digest}",
                    "实践由多层文件合成，上层可以修改下层的内容。每个值只有一个来源，"
                    "可用 deskweave practice show KIND/ID --origin 查看具体行。整体摘要：{digest}",
                    digest=practice.digest,
                )
            ),
            table(heads, rows, centred=(2,)),
        ],
    )


def _layer(voice: Voice, source: str) -> str:
    if source.startswith("plugin:"):
        return voice("Added by the plugin {name}", "由插件 {name} 提供", name=source.removeprefix("plugin:"))
    pack, slash, _ = source.partition("/")
    if slash and ":" in pack:
        return voice("Pack {name}", "实践包 {name}", name=pack)
    return voice("The client's own files", "客户自己的文件")


def _digest(documents: dict[tuple[str, str], Document]) -> str:
    bodies = [document.body for _, document in sorted(documents.items())]
    text = json.dumps(bodies, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_SHORT]
