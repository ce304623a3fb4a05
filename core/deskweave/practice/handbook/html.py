"""The handbook as one HTML page that needs nothing else: no network, script or font. It prints, and word processors open it.

Headings are h1 to h3 and tables are tables, so that a word processor takes them for what they are. Everything from the practice is
escaped (`deskweave.markup`), and a policy in the page forbids what would slip through.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Final

from deskweave.markup import Child, Markup, document, fragment, style, tag
from deskweave.practice.handbook.drawing import drawn
from deskweave.practice.handbook.tree import Block, Book, Cell, Drawing, Message, Paragraph, Points, Row, Section, Table
from deskweave.practice.handbook.widths import shares

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
#: What a browser takes from the style sheet and a word processor does not: lines round cells, tables as wide as the page.
_WORD_PROCESSOR: Final[Mapping[str, str]] = {"width": "100%", "border": "1", "cellspacing": "0", "cellpadding": "3"}
_LISTED: Final = 2  #: levels of headings in the contents


def as_html(book: Book) -> str:
    """The page."""
    css = files("deskweave.practice.handbook").joinpath("handbook.css").read_text("utf-8")
    head = fragment(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", book.title),
        style(css + _running(book.running)),
    )
    body = tag("main", _cover(book), *_Page(book).parts())
    return document(book.language, head=head, body=body)


def _running(text: str) -> str:
    """The foot of every page: a text of the practice's in a style sheet, so only what cannot end its string is let through."""
    safe = "".join(one if one.isalnum() or one in " .,:/-()（），。：" else " " for one in text)
    return f'@page {{ @bottom-left {{ content: "{safe}"; }} }}\n'


def _cover(book: Book) -> Markup:
    cover = book.cover
    return tag(
        "section",
        tag("p", cover.client, class_="client"),
        tag("p", cover.title, class_="title"),
        tag("p", cover.subtitle, class_="subtitle") if cover.subtitle else None,
        tag(
            "table",
            _columns([26, 74]),
            tag("tbody", (tag("tr", tag("th", name, scope="row"), tag("td", said)) for name, said in cover.facts)),
            class_="facts",
            **_WORD_PROCESSOR,
        ),
        tag("p", cover.agreement, class_="agreement"),
        tag(
            "table",
            _columns([50, 50]),
            tag(
                "tbody",
                tag("tr", (tag("th", one.party, scope="col") for one in cover.signatories)),
                (
                    tag("tr", (tag("td", tag("span", said), class_="line") for said in lines))
                    for lines in zip(*(one.lines for one in cover.signatories), strict=True)
                ),
            ),
            class_="signatures",
            **_WORD_PROCESSOR,
        ),
        class_="cover",
    )


class _Page:
    """What follows the cover. Tables of one family have the widths of all their lines together."""

    def __init__(self, book: Book) -> None:
        self.book = book
        families: dict[str, list[Table]] = {}
        for one in book.walk():
            for block in one.blocks:
                if isinstance(block, Table) and block.family:
                    families.setdefault(f"{block.family} {block.columns}", []).append(block)
        self.families = {
            name: shares(replace(found[0], rows=tuple(line for table in found for line in table.rows)))
            for name, found in families.items()
        }

    def parts(self) -> list[Markup]:
        return [self.front(), *(self.section(one) for one in self.book.chapters)]

    def front(self) -> Markup:
        entries = [one for one in self.book.walk() if one.level <= _LISTED]
        return tag(
            "section",
            tag("p", self.book.revisions_title, class_="begin"),
            (self.block(one) for one in self.book.revisions),
            tag("p", self.book.contents_title, class_="front"),
            tag("nav", (_entry(one) for one in entries)),
            class_="opening",
        )

    def section(self, section: Section) -> Markup:
        heading = tag(f"h{section.level}", tag("span", section.number, class_="n"), " ", section.title, id=section.key)
        following = (*section.blocks[1:], *section.sections[:1], None)
        blocks = (
            self.block(one, leads=not isinstance(then, Paragraph | None))
            for one, then in zip(section.blocks, following, strict=False)
        )
        inner = fragment(heading, blocks, (self.section(one) for one in section.sections))
        return tag("section", inner, class_="chapter" if section.level == 1 else None)

    def block(self, block: Block, *, leads: bool = False) -> Markup:
        """A block; one that `leads` is not parted from what comes after it."""
        match block:
            case Paragraph():
                classes = ["note"] if block.kind == "note" else []
                return tag("p", block.text, class_=" ".join([*classes, *(["lead"] if leads else [])]) or None)
            case Points():
                return tag("ul", (tag("li", _said(one)) for one in block.items))
            case Message():
                return _message(block)
            case Drawing():
                return _figure(block)
            case Table():
                return self.table(block)

    def table(self, table: Table) -> Markup:
        density, parts = self.families.get(f"{table.family} {table.columns}") or shares(table)
        classes: list[str] = [density] if density != "normal" else []
        classes += ["facts"] if not table.heads else []
        return tag(
            "table",
            _columns(parts),
            tag("thead", tag("tr", (_head(table, place) for place in range(table.columns)))) if table.heads else None,
            tag("tbody", (_line(table, one) for one in table.rows)),
            class_=" ".join(classes) or None,
            **_WORD_PROCESSOR,
        )


def _figure(drawing: Drawing) -> Markup:
    """The drawing as a picture in the page itself: word processors would spill the text of a drawing that is part of the page."""
    svg, wide, tall = drawn(drawing)
    address = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")
    return tag("figure", tag("img", src=address, alt=drawing.title, width=round(wide), height=round(tall)))


def _entry(section: Section) -> Markup:
    link = tag("a", tag("span", section.number, class_="n"), " ", section.title, href=f"#{section.key}")
    return tag("p", link, class_=f"entry l{section.level}")


def _message(message: Message) -> Markup:
    subject = tag("p", message.subject, class_="subject") if message.subject else None
    return tag("blockquote", subject, (tag("p", line or " ") for line in message.text.strip().splitlines()))


def _columns(parts: list[float] | list[int]) -> Markup:
    return tag("colgroup", (tag("col", width=f"{part:g}%") for part in parts))


def _head(table: Table, place: int) -> Markup:
    return tag("th", table.heads[place], scope="col", class_="c" if place in table.centred else None)


def _line(table: Table, line: Row) -> Markup:
    if line.group:
        return tag("tr", tag("th", line.group, colspan=table.columns, scope="rowgroup"), class_="group")
    cells: list[Child] = []
    for place, one in enumerate(line.cells):
        if place == 0 and table.first_is_head:
            cells.append(tag("th", _said(one), scope="row"))
        else:
            cells.append(tag("td", _said(one), class_="c" if place in table.centred else None))
    return tag("tr", cells)


def _said(cell: Cell) -> Markup:
    parts: list[Child] = []
    for number, line in enumerate(cell.lines):
        parts += [tag("br")] if number else []
        parts.append(tag("strong", line) if cell.strong else line)
    if cell.code:
        parts += [tag("br")] if parts else []
        parts.append(tag("code", _breakable(cell.code)))
    if cell.notes:
        noted: list[Child] = []
        for number, note in enumerate(cell.notes):
            noted += [tag("br")] if number else []
            noted.append(note)
        parts += [tag("br")] if parts else []
        parts.append(tag("small", noted))
    return fragment(parts)


def _breakable(slug: str) -> Markup:
    """A slug that may be broken after an underscore or a slash, without a hyphen that is not its own."""
    parts = re.split(r"(?<=[_/])", slug)
    return fragment(parts[0], ((tag("wbr"), part) for part in parts[1:]))
