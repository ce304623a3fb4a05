"""What people do on the platforms, and what is known of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from deskweave.connector import Ref
from deskweave.model import FieldId, Value, Visibility
from deskweave.store import tables
from deskweave.sync.merge import same
from deskweave.testing.machine.ground import Ground
from deskweave.testing.machine.witness import Moment

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("alpha one", "alpha two", "beta", "gamma ray", "delta"),
    "detail": ("long text", "other text", "third\ntext"),
    "priority": ("low", "medium", "high"),
    "status": ("waiting", "working", "asking", "closed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One value a person wrote, what stood there when they did, and how far every platform had come."""

    number: int
    platform: str
    ref: Ref
    field: FieldId
    shown: Value
    wrote: Value
    raced: bool  #: at a door of a run
    moments: Mapping[str, Moment]


@dataclass(frozen=True, slots=True)
class Spoken:
    """One message a person wrote."""

    platform: str
    parent: Ref
    text: str
    visibility: Visibility


class People(Ground):
    """People who open inquiries, change them and talk about them, on every platform."""

    most_records = 7
    edited: tuple[str, ...] = ("title", "title", "priority", "status", "status")  #: fields people change
    talkative = False  #: people say more than they change

    def __init__(self) -> None:
        super().__init__()
        self.deeds: list[Deed] = []
        self.spoken: list[Spoken] = []
        self.deleted: set[tuple[str, str]] = set()  #: platforms and ids of records people have deleted, also those that are back
        self.edits = 0

    @precondition(lambda self: sum(len(platform.records) for platform in self.platforms.values()) < self.most_records)
    @rule(data=st.data())
    def create(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.platforms)))
        values: dict[FieldId, Value] = {
            FieldId(field): data.draw(st.sampled_from(words)) for field, words in WORDS.items() if field != "detail"
        }
        ref = self.hands(name).create("ticket", values, "someone")
        self._wrote(name, ref, {}, self.hands(name).shows(ref))

    @precondition(lambda self: any(platform.records for platform in self.platforms.values()))
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        self.edit_one(*self.draw_edit(data))

    @precondition(lambda self: any(self.open_to_people(name) for name in self.platforms))
    @rule(data=st.data(), visibility=st.sampled_from(list(Visibility)))
    def speak(self, data: st.DataObject, visibility: Visibility) -> None:
        name = data.draw(st.sampled_from(sorted(name for name in self.platforms if self.open_to_people(name))))
        key = data.draw(st.sampled_from(self.open_to_people(name)))
        for _ in range(data.draw(st.integers(1, 3)) if self.talkative else 1):
            text = f"message {len(self.spoken)}"
            self.spoken.append(Spoken(name, Ref(*key), text, visibility))
            self.hands(name).write(Ref(*key), visibility, text, "someone")
            self.at += timedelta(seconds=1)

    @precondition(lambda self: len(self.platforms) > 1 and all(platform.records for platform in self.platforms.values()))
    @rule(data=st.data())
    def disagree(self, data: st.DataObject) -> None:
        """Two people change one inquiry on two platforms before either can see the other."""
        places = self.joined(data)
        if places:
            field = FieldId(data.draw(st.sampled_from(["title", "priority", "status"])))
            for name, ref in places[:2]:
                self.change(name, ref, field, data.draw(st.sampled_from(WORDS[field])))

    @precondition(lambda self: "deletes" in self.on and any(len(platform.records) > 1 for platform in self.platforms.values()))
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """Somebody deletes a record. The last of a platform stays: that all are gone at once is no news about them."""
        name = data.draw(st.sampled_from(sorted(name for name, one in self.platforms.items() if len(one.records) > 1)))
        ref = Ref(*data.draw(st.sampled_from(sorted(self.platforms[name].records))))
        if self.known(name) - {ref.rid}:
            self.deleted.add((name, ref.rid))
            self.hands(name).remove(ref)

    @precondition(lambda self: any(platform.removed for platform in self.platforms.values()))
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        """Somebody takes a record back that the engine knew: one it did not may have been made again meanwhile."""
        bins = sorted((name, key) for name, platform in self.platforms.items() for key in platform.removed)
        name, key = data.draw(st.sampled_from(bins))
        if key[1] in self.known(name, there=False):
            self.hands(name).restore(Ref(*key), "someone")

    def open_to_people(self, name: str) -> list[tuple[str, str]]:
        """Records people do something on. Not those we made that can only be told again by what they say, as long as that is so."""
        records = self.platforms[name].records
        if "plants" not in self.on:
            return sorted(records)
        known = self.known(name)
        return sorted(key for key, record in records.items() if not record.key or key[1] in known)

    def known(self, name: str, *, there: bool = True) -> set[str]:
        """Ids the engine knows on a platform; `there`: of records that are not deleted."""
        with self.store.read() as tx:
            found = set(
                tx.execute(
                    sa.select(tables.link.c.rid).where(
                        tables.link.c.conn == name, tables.link.c.kind == "inquiry", tables.link.c.inquiry.is_not(None)
                    )
                ).scalars()
            )
        return {rid for rid in found if rid and (not there or any(key[1] == rid for key in self.platforms[name].records))}

    def joined(self, data: st.DataObject) -> list[tuple[str, Ref]]:
        """The records of one inquiry that stands on several platforms; none: there is no such yet."""
        with self.store.read() as tx:
            rows = tx.execute(
                sa.select(tables.link.c.inquiry, tables.link.c.conn, tables.link.c.collection, tables.link.c.rid).where(
                    tables.link.c.kind == "inquiry", tables.link.c.rid.is_not(None), tables.link.c.inquiry.is_not(None)
                )
            ).all()
        homes: dict[str, list[tuple[str, Ref]]] = {}
        for row in rows:
            if (row.collection, row.rid) not in self.platforms[row.conn].records:
                continue
            homes.setdefault(row.inquiry, []).append((row.conn, Ref(row.collection, row.rid)))
        joined = sorted(key for key, places in homes.items() if len(places) > 1)
        return sorted(homes[data.draw(st.sampled_from(joined))], key=lambda place: place[0]) if joined else []

    def draw_edit(self, data: st.DataObject) -> tuple[str, int, FieldId, str]:
        name = data.draw(st.sampled_from(sorted(self.platforms)))
        field = data.draw(st.sampled_from(self.edited))
        return name, data.draw(st.integers(0, 30)), FieldId(field), data.draw(st.sampled_from(WORDS[field]))

    def edit_one(self, name: str, which: int, field: FieldId, value: str) -> None:
        keys = self.open_to_people(name)
        if not keys:
            return
        self.change(name, Ref(*keys[which % len(keys)]), field, value)

    def change(self, name: str, ref: Ref, field: FieldId, value: str) -> None:
        before = dict(self.hands(name).shows(ref))
        if same(before.get(field), value):
            return
        self.hands(name).edit(ref, {field: value}, "someone")
        self._wrote(name, ref, before, {field: self.hands(name).shows(ref).get(field)})

    def _wrote(self, name: str, ref: Ref, before: Mapping[FieldId, Value], after: Mapping[FieldId, Value]) -> None:
        self.edits += 1
        for field, value in after.items():
            if field != "submitted_at" and not same(before.get(field), value):
                self.deeds.append(
                    Deed(
                        number=len(self.deeds),
                        platform=name,
                        ref=ref,
                        field=field,
                        shown=before.get(field),
                        wrote=value,
                        raced=self.running,
                        moments={one: Moment.of(platform) for one, platform in self.platforms.items()},
                    )
                )

    @rule(seconds=st.sampled_from([1, 20, 61, 200]))
    def tick(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)
