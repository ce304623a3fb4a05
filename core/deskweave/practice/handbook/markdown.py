"""The handbook as GitHub-flavoured Markdown: the same tree. Everything from the practice is escaped, so that text stays text."""

from __future__ import annotations

import re
from typing import Final

from deskweave.markup import HIDDEN, markdown
from deskweave.practice.handbook.tree import Block, Book, Cell, Drawing, Message, Paragraph, Points, Section, Table

_START: Final = re.compile(r"^(\s*)([-+=]|\d+[.)])")


def as_markdown(book: Book) -> str:
    """The text; its lines end in a line feed."""
    cover = book.cover
    lines = [f"# {markdown(cover.title)}", "", f"**{markdown(cover.client)}**", ""]
    lines += [markdown(cover.subtitle), ""] if cover.subtitle else []
    lines += ["| | |", "|---|---|", *(f"| **{markdown(name)}** | {markdown(said)} |" for name, said in cover.facts), ""]
    lines += [markdown(cover.agreement), ""]
    parties = cover.signatories
    lines += ["| " + " | ".join(markdown(one.party) for one in parties) + " |", "|" + "---|" * len(parties)]
    for said in zip(*(one.lines for one in parties), strict=True):
        lines.append("| " + " | ".join(f"{markdown(one)}: " for one in said) + " |")
    lines += ["", f"## {markdown(book.revisions_title)}", ""]
    for block in book.revisions:
        lines += _block(block)
    lines += [f"## {markdown(book.contents_title)}", ""]
    for one in book.walk():
        if one.level <= 2:
            lines.append(f"{'  ' * (one.level - 1)}- [{one.number} {markdown(one.title)}](#{one.key})")
    lines.append("")
    for chapter in book.chapters:
        lines += _section(chapter)
    return "\n".join(lines).rstrip("\n") + "\n"


def _section(section: Section) -> list[str]:
    # the title is the only heading of level 1, so that chapters begin at 2
    lines = [f'<a id="{section.key}"></a>', "", f"{'#' * (section.level + 1)} {section.number} {markdown(section.title)}", ""]
    for block in section.blocks:
        lines += _block(block)
    for one in section.sections:
        lines += _section(one)
    return lines


def _block(block: Block) -> list[str]:
    match block:
        case Paragraph():
            return [f"*{markdown(block.text)}*" if block.kind == "note" else _begun(markdown(block.text)), ""]
        case Points():
            return [*(f"- {_said(one, '; ')}" for one in block.items), ""]
        case Message():
            lines = block.text.strip().splitlines()
            head = [f"> **{markdown(block.subject)}**", ">"] if block.subject else []
            return [*head, *(f"> {_begun(markdown(line))}  " if line.strip() else ">" for line in lines), ""]
        case Drawing():
            return _drawing(block)
        case Table():
            return _table(block)


def _table(table: Table) -> list[str]:
    heads = table.heads or ("",) * table.columns
    marks = [":---:" if place in table.centred else "---" for place in range(table.columns)]
    lines = ["| " + " | ".join(markdown(head) for head in heads) + " |", "|" + "|".join(marks) + "|"]
    for line in table.rows:
        if line.group:
            lines.append(f"| **{markdown(line.group)}** |" + " |" * (table.columns - 1))
        else:
            lines.append("| " + " | ".join(_said(one, "<br>") for one in line.cells) + " |")
    return [*lines, ""]


def _drawing(drawing: Drawing) -> list[str]:
    """As a diagram that GitHub, GitLab and Gitee draw; elsewhere the table after it says the same."""
    names = {node.name: f"s{number}" for number, node in enumerate(drawing.nodes)}
    lines = ["```mermaid", "flowchart LR"]
    lines += [f'  {names[node.name]}["{_drawn(node.label)}"]' for node in drawing.nodes]
    lines += [f'  {names[one]} -->|"{_drawn(edge.label)}"| {names[edge.target]}' for edge in drawing.edges for one in edge.sources]
    return [*lines, "```", ""]


def _drawn(label: str) -> str:
    return "".join(one if one.isalnum() or one in " ,.-/、，" else " " for one in label)


def _said(cell: Cell, between: str) -> str:
    lines = [f"**{markdown(line)}**" if cell.strong and line.strip() else markdown(line) for line in cell.lines]
    if cell.code:
        lines.append(f"`{HIDDEN.sub(' ', cell.code).replace('`', ' ').replace('|', ' ')}`")
    return between.join([*lines, *(markdown(note) for note in cell.notes)])


def _begun(text: str) -> str:
    """Text at the beginning of a line, where a dash or a number would make it a list."""
    return _START.sub(r"\1\\\2", text) if not text[:1].isdigit() else re.sub(r"^(\d+)([.)])", r"\1\\\2", text)
