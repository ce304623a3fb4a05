"""An edition of a practice, and the parts of a page as a reader meets them."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from deskweave.practice import Practice, builtin
from deskweave.practice.handbook import Edition, Limit, Platform, Revision

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def practice() -> Practice:
    return builtin()


@pytest.fixture(scope="session")
def edition() -> Edition:
    return Edition(
        now=NOW,
        client="acme",
        environment="prod",
        version="v2.1.0",
        author="Li Lei 李雷",
        revisions=(
            Revision(version="v2.1.0", date=datetime(2026, 11, 2, tzinfo=UTC), author="李雷", subject="Second line"),
            Revision(version="v2.0.0", date=datetime(2026, 10, 2, tzinfo=UTC), author="李雷", subject="First hand-over"),
        ),
        platforms=(
            Platform(
                connection="jira_sm",
                address="https://acme.atlassian.net",
                whole=True,
                limits=(
                    Limit(
                        degree="by_hand",
                        number="J-4",
                        what="no API puts a request type into a group",
                        elements=("catalog/vpn",),
                        steps={"en": "Add it to the group", "zh": "加入分组"},
                        where="Project settings > Request types",
                    ),
                    Limit(degree="by_hand", number="J-5", what="done already", done_by="李雷", done_on="2026-11-01"),
                    Limit(degree="narrowed", what="choices lose their order"),
                    Limit(degree="impossible", what="make-up days"),
                ),
            ),
            Platform(connection="feishu"),
        ),
    )


class Page(HTMLParser):
    """Elements with their attributes, headings and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._within: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append((tag, ""))
        if tag not in ("meta", "br", "hr", "col", "wbr", "img"):
            self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._within.pop() == tag  # every element is closed where it should be

    def handle_data(self, data: str) -> None:
        if "style" in self._within:
            return
        self.words.append(data)
        if {"h1", "h2", "h3", "h4"} & set(self._within):
            level, said = self.headings[-1]
            self.headings[-1] = (level, said + data)

    @property
    def text(self) -> str:
        return "".join(self.words)


@pytest.fixture(scope="session")
def read() -> type[Page]:
    return Page
