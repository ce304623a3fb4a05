"""The whole of it: the engine between this platform and one in memory, with people on both and calls that get lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from deskweave.connector import Hands, Mapper, Ref
from deskweave.hookspecs import hookimpl
from deskweave.model import Binding, ConnectionName, FieldId, InquiryId, Value, Visibility
from deskweave.plugins import load_plugins
from deskweave.store import list_conflicts, tables
from deskweave.store.inquiries import load_documents
from deskweave.store.links import links_of
from deskweave.sync.merge import same
from deskweave.testing.memory import MemoryConnector
from deskweave.testing.suite.ground import PEOPLE, Ground
from deskweave.testing.suite.guarantee import guarantee
from deskweave.testing.suite.values import STATUS, TITLE, value_for, writable
from deskweave.workspace.scaffold import NewConnection, write_folder

if TYPE_CHECKING:
    from deskweave.connector import Connector
    from deskweave.workspace import Workspace

HERE, THERE = ConnectionName("here"), ConnectionName("there")  #: under test, and in memory
ROUNDS: Final = 40


class Handing:
    """A plugin that hands over connectors."""

    deskweave_api = 1

    def __init__(self, connectors: Sequence[Connector]) -> None:
        self._connectors = connectors

    @hookimpl
    def deskweave_connectors(self) -> Sequence[Connector]:
        return self._connectors


class Desk:
    """A folder with two connections, as a client has one: fields are there already, and found by a look at the platforms."""

    def __init__(self, ground: Ground) -> None:
        from deskweave import workspace

        self.ground = ground
        self.since = ground.now()
        memory = MemoryConnector(name="other_side", configures=False)
        self.other = memory.emulator.start(port=0, seed=5, now=ground.now)
        plugins = load_plugins(points=[])
        plugins.register(Handing([ground.connector, memory]), "conformance")
        settings = {HERE: {**ground.running.settings(ground.account), **ground.settings}, THERE: self.other.settings("admin")}
        names = {HERE: ground.connector.name, THERE: memory.name}
        template = {HERE: ground.template, THERE: memory.binding_template()}
        folder = ground.folder / "twoway"
        write_folder(
            folder,
            id="desk",
            now=ground.now(),
            plugins=plugins,
            connections=[
                NewConnection(name=name, plugin=names[name], access="write", settings=settings[name], binding=template[name])
                for name in (HERE, THERE)
            ],
            since=ground.now() - timedelta(minutes=1),
            extra={"guard": {"max_changes": {"update": {"share": 1, "records": 10_000}}, "max_notices": 10_000}},
        )
        self.space: Workspace = workspace.open(folder, now=ground.now, plugins=plugins, environ={}, wait=ground.wait)
        for name in (HERE, THERE):
            self.space.trust(name)  # whoever's mark is there from an earlier test: from now on it is ours
        _, failures = self.space.sync()  # the first look says which fields are there, and so what the bindings hold
        assert not failures, f"the folder cannot be worked with: {failures[0].error}"
        self.bindings: Mapping[ConnectionName, Binding] = {name: self.space.binding(name) for name in (HERE, THERE)}
        self.mappers: dict[ConnectionName, Mapper] = {}
        for name in (HERE, THERE):
            self.mappers[name] = self.space.connect(name).connection.mapper(self.bindings[name])
        self.hands: dict[ConnectionName, Hands] = {
            HERE: ground.running.hands(self.mappers[HERE]),
            THERE: self.other.hands(self.mappers[THERE]),
        }
        assert ground.crosses is not None
        self.homes = {HERE: ground.crosses, THERE: "ticket"}
        self.settle()

    def close(self) -> None:
        self.space.close()
        self.other.stop()

    # ---------------------------------------------------------------------------------------------------------------- people
    def document(self) -> dict[FieldId, Value]:
        """What both platforms can say, for an inquiry that lives in the home collection."""
        values = self.ground.values(self.homes[HERE])
        shared = [
            name for name in writable(self.bindings[HERE], self.homes[HERE]) if name in writable(self.bindings[THERE], "ticket")
        ]
        for name in shared:
            if name not in values and self.bindings[HERE].fields[name].type in ("choice", "long_text"):
                at = self.bindings[HERE].collections[self.homes[HERE]].fields[name]
                other = self.bindings[THERE].collections["ticket"].fields[name]
                value = value_for(self.bindings[HERE].fields[name], at, 1)
                if not other.choices or value in other.choices:
                    values[name] = value
        return {name: value for name, value in values.items() if name in shared}

    def raise_on(self, side: ConnectionName) -> Ref:
        return self.hands[side].create(self.homes[side], {**self.document(), STATUS: self.statuses()[0]}, PEOPLE[0])

    def statuses(self) -> list[str]:
        """Statuses that both platforms know."""
        there = self.bindings[THERE].collections["ticket"].statuses
        return [slug for slug in self.bindings[HERE].collections[self.homes[HERE]].statuses if slug in there]

    # ---------------------------------------------------------------------------------------------------------------- engine
    def run(self) -> int:
        """One run; how much it wrote."""
        report, failures = self.space.sync()
        assert not failures, f"{failures[0].connection}: {failures[0].error}"
        return report.written + report.waiting

    def settle(self) -> None:
        """Run until nothing is left to do."""
        for _ in range(ROUNDS):
            self.ground.later()
            if self.run() == 0:
                return
        message = f"still writing after {ROUNDS} runs: the platforms do not come to rest"
        raise AssertionError(message)

    # ------------------------------------------------------------------------------------------------------------ looking at it
    def counterpart(self, side: ConnectionName, ref: Ref) -> Ref:
        """The record of the same inquiry on the other platform; there has to be one."""
        link, other = tables.link, THERE if side == HERE else HERE
        with self.space.store.read() as tx:
            mine = sa.select(link.c.inquiry).where(link.c.conn == side, link.c.rid == ref.rid, link.c.kind == "inquiry")
            rows = tx.execute(
                sa.select(link.c.collection, link.c.rid).where(
                    link.c.inquiry.in_(mine), link.c.conn == other, link.c.kind == "inquiry", link.c.rid.is_not(None)
                )
            ).all()
        assert len(rows) == 1, f"the record {ref.rid} of {side} has {len(rows)} counterparts"
        return Ref(rows[0].collection, rows[0].rid)

    def titles(self, side: ConnectionName) -> list[Value]:
        """Titles of every record made since the desk was opened."""
        if side == THERE:
            platform = self.other.platform
            return [self.hands[THERE].shows(Ref(*key)).get(TITLE) for key in platform.records]
        return [self.ground.title_of(one) for one in {one.ref: one for one in self.ground.listed(self.homes[HERE])}.values()]

    def once(self, title: Value) -> None:
        """An inquiry of this title stands once on each side."""
        for side in (HERE, THERE):
            times = self.titles(side).count(title)
            assert times == 1, f"{title!r} stands {times} times on the platform {side}"

    def agree(self, refs: Sequence[tuple[ConnectionName, Ref]]) -> None:
        """Each of these records says what its inquiry says, in its platform's words."""
        with self.space.store.read() as tx:
            link = tables.link
            for side, ref in refs:
                row = tx.execute(sa.select(link.c.inquiry).where(link.c.conn == side, link.c.rid == ref.rid)).scalar()
                assert row is not None, f"{side}/{ref.rid} is no inquiry of ours"
                document = load_documents(tx, [InquiryId(row)])[InquiryId(row)].values
                for one in links_of(tx, [InquiryId(row)])[InquiryId(row)]:
                    self._says(ConnectionName(one.conn), Ref(one.collection, str(one.rid)), document)

    def _says(self, side: ConnectionName, ref: Ref, document: Mapping[FieldId, Value]) -> None:
        bound = self.bindings[side].collections[ref.collection]
        names = [TITLE, *(name for name in writable(self.bindings[side], ref.collection, again=True))]
        says, wanted = self.hands[side].shows(ref), self.mappers[side].project(ref.collection, document).values
        if document.get(STATUS) in bound.statuses:
            names.append(STATUS)
        wrong = [name for name in names if name in says and name in wanted and not same(says[name], wanted[name])]
        assert not wrong, f"{side} says {[(name, says[name], wanted[name]) for name in wrong]} (field, says, is meant)"


def desk_of(ground: Ground) -> Desk:
    """The one desk of a ground; a new one costs seconds."""
    if ground.desk is None:
        ground.desk = Desk(ground)
    assert isinstance(ground.desk, Desk)
    return ground.desk


class TwoWay:
    """Inquiries crossing between this platform and another one."""

    @guarantee(
        "twoway/cross",
        en="An inquiry raised on either platform stands once on both, and changes cross either way.",
        zh="任一平台提出的问询在两边各有一条，修改双向同步。",
        needs="hands twoway",
    )
    def test_inquiries_and_changes_cross(self, ground: Ground) -> None:
        desk = desk_of(ground)
        mine, theirs = desk.raise_on(HERE), desk.raise_on(THERE)
        desk.settle()
        there, here = desk.counterpart(HERE, mine), desk.counterpart(THERE, theirs)
        desk.agree([(HERE, mine), (THERE, theirs)])
        ground.later()
        desk.hands[HERE].edit(here, {TITLE: "Kit changed here"}, PEOPLE[1])
        desk.hands[THERE].edit(there, {TITLE: "Kit changed there", STATUS: desk.statuses()[1]}, PEOPLE[1])
        desk.settle()
        desk.agree([(HERE, mine), (THERE, theirs)])
        assert same(desk.hands[HERE].shows(mine)[TITLE], "Kit changed there")
        assert same(desk.hands[HERE].shows(mine)[STATUS], desk.statuses()[1])
        assert same(desk.hands[THERE].shows(theirs)[TITLE], "Kit changed here")
        desk.once("Kit changed here")
        desk.once("Kit changed there")

    @guarantee(
        "twoway/messages",
        en="Messages cross once, in order, and an internal one stays internal.",
        zh="消息按顺序各同步一次，内部消息始终是内部的。",
        needs="hands twoway crossing",
    )
    def test_messages_cross_once_and_stay_what_they_are(self, ground: Ground) -> None:
        desk = desk_of(ground)
        mine = desk.raise_on(HERE)
        desk.settle()
        there = desk.counterpart(HERE, mine)
        kinds = sorted(ground.of(mine.collection).visibilities)
        said: dict[ConnectionName, list[tuple[Visibility, str]]] = {HERE: [], THERE: []}
        for number, kind in enumerate(kinds * 2):
            for side, ref in ((HERE, mine), (THERE, there)):
                said[side].append((kind, f"Kit {side} {number} says"))
                desk.hands[side].write(ref, kind, f"Kit {side} {number} says", PEOPLE[1])
                ground.later(timedelta(minutes=1))
        desk.settle()
        for side, ref in ((HERE, mine), (THERE, there)):
            other = THERE if side == HERE else HERE
            found = [(kind, body) for kind, body in desk.hands[side].said(ref) if f"Kit {other}" in body]
            told = [(kind, next((text for _, text in said[other] if text in body), body)) for kind, body in found]
            for kind in kinds:
                of_kind = [text for one, text in told if one is kind]
                meant = [text for one, text in said[other] if one is kind]
                assert of_kind == meant, f"{kind.value} messages of {other} on {side}: {of_kind} where {meant} was said"

    @guarantee(
        "twoway/conflict",
        en="Where people disagree both platforms end alike, and both words are kept.",
        zh="两边意见不一致时，最终两个平台一致，双方的内容都留存。",
        needs="hands twoway",
    )
    def test_a_conflict_keeps_both_words(self, ground: Ground) -> None:
        desk = desk_of(ground)
        mine = desk.raise_on(HERE)
        desk.settle()
        there = desk.counterpart(HERE, mine)
        known = {one.id for one in list_conflicts(desk.space.store)}
        ground.later()
        desk.hands[HERE].edit(mine, {TITLE: "Kit our word"}, PEOPLE[1])
        desk.hands[THERE].edit(there, {TITLE: "Kit their word"}, PEOPLE[1])
        desk.settle()
        desk.agree([(HERE, mine)])
        new = [one for one in list_conflicts(desk.space.store) if one.id not in known]
        assert len(new) == 1, f"{len(new)} conflicts are noted of one disagreement"
        assert {new[0].ours, new[0].theirs} == {"Kit our word", "Kit their word"}, f"kept: {new[0].ours!r} and {new[0].theirs!r}"

    @guarantee(
        "twoway/lost",
        en="With requests and answers lost on the way nothing is lost and nothing is doubled.",
        zh="请求与应答途中丢失，结果不丢、不重。",
        needs="hands twoway",
        faults="lost_answer lost_request",
    )
    def test_lost_calls_neither_lose_nor_double(self, ground: Ground) -> None:
        desk = desk_of(ground)
        words = [word for word in ("lost_answer", "lost_request", "rate_limited") if word in ground.running.faults.names]
        made: list[tuple[ConnectionName, Ref, Value]] = []
        for word in words:
            for side in (HERE, THERE):
                ref = desk.raise_on(side)
                made.append((side, ref, desk.hands[side].shows(ref)[TITLE]))
            self._run_into(desk, word)
        desk.settle()
        for number, word in enumerate(words):
            for side, ref, _ in made[2 * number : 2 * number + 2]:
                other = THERE if side == HERE else HERE
                desk.hands[other].edit(desk.counterpart(side, ref), {STATUS: desk.statuses()[1]}, PEOPLE[1])
            self._run_into(desk, word)
        desk.settle()
        desk.agree([(side, ref) for side, ref, _ in made])
        for _, _, title in made:
            desk.once(title)

    @staticmethod
    def _run_into(desk: Desk, word: str) -> None:
        """One run, and what happens to one of its writes."""
        desk.ground.later()
        desk.ground.running.faults.arm(word, times=1, writes=True)
        desk.run()
        desk.ground.running.faults.disarm()

    @guarantee(
        "twoway/quiet",
        en="At rest nothing is written: what we wrote is not taken for somebody's word.",
        zh="平静时什么都不写：我们写入的内容不会被当成他人的话。",
        needs="hands twoway",
    )
    def test_at_rest_nothing_is_written(self, ground: Ground) -> None:
        desk = desk_of(ground)
        refs = [(side, desk.raise_on(side)) for side in (HERE, THERE)]
        desk.settle()
        pairs = [(HERE, refs[0][1]), (THERE, desk.counterpart(*refs[0])), (THERE, refs[1][1]), (HERE, desk.counterpart(*refs[1]))]
        watched = [ref for side, ref in pairs if side == HERE]
        before = [ground.look(ref) for ref in watched], desk.other.platform.writes
        for _ in range(2):
            ground.later(timedelta(hours=2))
            written = desk.run()
            assert written == 0, f"nobody did anything, and a run wrote {written} times"
        after = [ground.look(ref) for ref in watched], desk.other.platform.writes
        assert [(one.fields, one.version) for one in after[0]] == [(one.fields, one.version) for one in before[0]]
        assert after[1] == before[1], "nobody did anything, and the platform in memory was written to"
        self._no_echo(desk, [ref for _, ref in refs])

    @staticmethod
    def _no_echo(desk: Desk, refs: Sequence[Ref]) -> None:
        """What was raised once is told once in its inquiry's events."""
        from deskweave.store.events import events_of

        with desk.space.store.read() as tx:
            link = tables.link
            for ref in refs:
                row = tx.execute(sa.select(link.c.inquiry).where(link.c.rid == ref.rid, link.c.kind == "inquiry")).scalar()
                told = [one for one in events_of(tx, InquiryId(str(row))) if one.field == TITLE]
                assert len(told) == 1, f"a title nobody changed has {len(told)} events: our own write was taken for an edit"
