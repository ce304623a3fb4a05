"""Nothing internal reaches a public channel: conversations made at random, over the three connectors and their emulated platforms.

What people write tries to look like something else: our own first line with a mark that is in use, markup, the switches the
platforms' APIs have for visibility. A public channel is what a requester sees: comments of a ServiceNow incident, customer-visible
comments of a Jira request, the chat of a Feishu ticket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from deskweave.connector import Ref
from deskweave.demo.stage import Stage, build
from deskweave.model import FieldId, Visibility
from deskweave.plugins import load_plugins
from deskweave.store import inquiry_messages
from deskweave.store.joined import list_inquiries

PUBLIC, INTERNAL = Visibility.PUBLIC, Visibility.INTERNAL
OPENS = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
USER, AGENT = "zhang.min@acme.example", "li.wei@desk.acme.example"
FIRST_LINE = re.compile(r"\[[^\[\]\n|]+ \| [^\[\]\n|]+ \| [^|\n]+ UTC \| (?P<mark>[0-9A-HJKMNP-TV-Z]{26})\]")
#: what is wrapped around a word; MARK is a mark that stands on some platform by then
FORMS = (
    "{word}",
    "[Li Wei | servicenow INC0010001 | 2026-11-16 02:00:00 UTC | MARK]\n{word}",
    "> [Li Wei | jira_sm ITH-1 | 2026-11-16 02:00:00 UTC | MARK]\n\n{word}",
    "[deskweave | deskweave INQ-1 | 2026-11-16 02:00:00 UTC | MARK]\r\n[x | y | 2026-11-16 02:00:00 UTC | MARK]\n{word}",
    "{word}\n\n[deskweave:MARK]",
    "<p>public <b>{word}</b></p><script>say()</script>",
    "[code]<div>{word}</div>[/code]",
    '{{"key": "sd.public.comment", "value": {{"internal": false}}}} {word}',
    "comments={word}^work_notes=x",
    "]]> -->{word}<!--",
    "*{word}* [link](https://x.example/?visibility=public)",
    "公开回复：{word}（对用户可见）\u200b\u202e",
    "{word}\n\nAdditional comments (customer visible)\n",
)


@dataclass(frozen=True)
class Line:
    """One message: on which platform, how it is meant, and how it is disguised. `flips`: a person changes its visibility."""

    on: str
    visibility: Visibility
    form: int
    mark: int
    flips: str = ""  # "", "before" the first sync reads it, "after"
    pause: bool = True  # a sync runs after it


LINES = st.lists(
    st.builds(
        Line,
        on=st.sampled_from(["servicenow", "jira_sm", "feishu"]),
        visibility=st.sampled_from([INTERNAL, INTERNAL, PUBLIC]),
        form=st.integers(0, len(FORMS) - 1),
        mark=st.integers(0, 99),
        flips=st.sampled_from(["", "", "before", "after"]),
        pause=st.booleans(),
    ),
    min_size=4,
    max_size=10,
)


@dataclass
class Desk:
    """Three platforms under one folder, and what was said so far."""

    stage: Stage
    running: dict[str, Any]
    words: int = 0
    inner: set[str] = field(default_factory=set)  #: words that nobody has ever said in public
    outer: set[str] = field(default_factory=set)  #: words that were public when they were first read
    flipped: set[str] = field(default_factory=set)  #: words of which a person changed who may see them
    opened: set[tuple[str, str]] = field(default_factory=set)  #: words that a person made public later, and on which platform

    def sync(self, times: int = 1) -> None:
        for _ in range(times):
            self.stage.clock.advance(timedelta(minutes=3))
            report, failures = self.stage.space.sync()
            assert not failures
            assert not report.failed

    def seen(self) -> list[tuple[str, Visibility, str]]:
        """Everything that stands anywhere, as its platform shows it."""
        found = []
        for name, (connection, binding) in self.sides.items():
            for collection in binding.collections.values():
                if not collection.messages:
                    continue
                resume = None
                while True:
                    page = connection.records.changes(collection.name, None, resume)
                    for record in page.items:
                        found += [(name, kind, body) for kind, body in self.stage.hands[name].said(record.ref)]
                    resume = page.resume
                    if resume is None:
                        break
        return found

    def kinds(self, name: str, ref: Ref) -> set[Visibility]:
        """The channels a record has."""
        return set(self.sides[name][1].collections[ref.collection].messages)

    @property
    def sides(self) -> dict[str, Any]:
        space = self.stage.space
        return {name: (space.connect(name).inner, space.binding(name)) for name in self.running}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    names = ["servicenow", "jira_sm", "feishu"]
    folder: Path = tmp_path_factory.mktemp("visibility") / "desk"
    stage = build(folder, names, load_plugins(), opens=OPENS, language="en", zone="Asia/Shanghai", seed=5)
    try:
        plan, failures = stage.space.plan()
        assert not failures
        stage.space.apply(plan)
        stage.clock.advance(timedelta(minutes=5))
        made = Desk(stage, dict(stage.running))
        for name in names:
            connection = stage.space.connect(name).connection
            stage.hands[name] = stage.running[name].hands(connection.mapper(stage.space.binding(name)))
        yield made
    finally:
        stage.close()


def records_of(desk: Desk, home: str) -> dict[str, Ref]:
    """A new inquiry, and the record on each platform where people talk about it."""
    desk.words += 1
    values = {
        FieldId("title"): f"Conversation {desk.words}",
        FieldId("stream"): "incident",
        FieldId("status"): "awaiting_acceptance",
        FieldId("user"): "Zhang Min",
        FieldId("email"): USER,
    }
    collection = {"servicenow": "incident", "jira_sm": "request", "feishu": "ticket"}[home]
    ref = desk.stage.hands[home].create(collection, values, USER)
    desk.sync(3)
    (row,) = [
        row
        for row in list_inquiries(desk.stage.space.store)
        if any((link.connection, link.collection, link.rid) == (home, ref.collection, ref.rid) for link in row.links)
    ]
    found = {str(link.connection): Ref(link.collection, str(link.rid)) for link in row.links if link.collection != "ledger"}
    assert {"servicenow", "jira_sm"} <= found.keys()
    return found


def flip(desk: Desk, line: Line, parent: Ref, said: Ref) -> bool:
    """A person changes who may see a comment, where a platform lets them: in Jira, which stamps it as an edit."""
    if line.on != "jira_sm":
        return False
    state = desk.running["jira_sm"].platform.state
    issue = state.issues[int(parent.rid)]
    (comment,) = [one for one in issue.comments if one.id == said.rid]
    desk.stage.clock.advance(timedelta(seconds=30))
    comment.public = not comment.public
    comment.updated = issue.updated = state.stamp()
    state.reindex(issue, issue.updated)
    return True


@pytest.mark.slow
@pytest.mark.practice("G5", "G7")
@settings(
    max_examples=5, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)  # each takes seconds
@given(home=st.sampled_from(["servicenow", "jira_sm", "feishu"]), lines=LINES)
def test_nothing_internal_is_ever_public(desk: Desk, home: str, lines: list[Line]) -> None:
    places = records_of(desk, home)
    mine: dict[str, Visibility] = {}
    for line in lines:
        parent = places.get(line.on)
        if parent is None or line.visibility not in desk.kinds(line.on, parent):
            continue  # nobody has opened a ticket there, or there is no such channel: an interaction has no comments
        desk.words += 1
        word = f"word{desk.words:05}x"
        marks = sorted({found["mark"] for _, _, body in desk.seen() for found in FIRST_LINE.finditer(body)}) or ["0" * 26]
        body = FORMS[line.form].format(word=word).replace("MARK", marks[line.mark % len(marks)])
        said = desk.stage.hands[line.on].write(parent, line.visibility, body, AGENT)
        visibility = line.visibility
        unread = line.flips == "before" or not line.pause  # whoever reads it, reads it as it is after that
        if line.flips and unread and flip(desk, line, parent, said):
            visibility = INTERNAL if visibility is PUBLIC else PUBLIC
            desk.flipped.add(word)
        mine[word] = visibility
        (desk.inner if visibility is INTERNAL else desk.outer).add(word)
        if line.pause:
            desk.sync()
        if line.flips and not unread and flip(desk, line, parent, said):
            desk.flipped.add(word)  # there it is what that person made of it; everywhere else it stays what it was, or goes nowhere
            if visibility is INTERNAL:
                desk.opened.add((line.on, word))
    desk.sync(4)
    seen = desk.seen()
    for name, kind, body in seen:
        for word in re.findall(r"word\d{5}x", body):
            if word in desk.inner and kind is PUBLIC:
                assert (name, word) in desk.opened, f"{word} was internal, and {name} shows it to the requester: {body!r}"
    # and it is no silence: everything else has crossed, as what it was
    for word, visibility in mine.items():
        kinds = {name: {kind for at, kind, body in seen if at == name and word in body} for name in ("servicenow", "jira_sm")}
        meant = {name: {visibility} & desk.kinds(name, places[name]) for name in kinds}
        if word not in desk.flipped:
            assert kinds == meant, f"{word}, {visibility}: {kinds}"
    kept = [
        (one.body or "", one.visibility)
        for row in list_inquiries(desk.stage.space.store)
        for one in inquiry_messages(desk.stage.space.store, row.id)
    ]
    for word in desk.inner - desk.flipped:
        assert {kind for body, kind in kept if word in body} == {"internal"}
