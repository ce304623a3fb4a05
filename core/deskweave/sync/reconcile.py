"""What one transaction makes of what platforms said: merges, events, counterparts (practice F1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from deskweave.connector import Change, RemoteRecord, View
from deskweave.ledger import Entry, Posting
from deskweave.model import FieldId, InquiryId, Policy, Value
from deskweave.model.desk import ObservedChange
from deskweave.model.predicate import holds
from deskweave.store.conflicts import Disagreement, record_conflicts
from deskweave.store.events import events_of, first_at
from deskweave.store.likeness import JOINED_INTO
from deskweave.store.links import Link, Seen, forget_link, insert_links, save_links
from deskweave.store.values import decode
from deskweave.sync import likeness
from deskweave.sync.afterwards import freeze
from deskweave.sync.counterparts import home_of, record_link
from deskweave.sync.entries import begun_as, follows, sighted, told, version_of
from deskweave.sync.fingerprint import imprint
from deskweave.sync.history import chain, explains, origin_of, overwritten, tail
from deskweave.sync.merge import EMPTY, held, merge, same, shared
from deskweave.sync.report import ConflictNote, ParkedNote
from deskweave.sync.rows import Rows
from deskweave.sync.run import STATUS, Run, Side
from deskweave.sync.settlement import may_be_due

SUBMITTED_AT = FieldId("submitted_at")
Lines = Mapping[FieldId, Sequence[Change]]
NO_LINES: Lines = {}


class Reconciliation(Rows):
    """The merge of a batch of records, in one write transaction: load, observe or open, then flush once."""

    def __init__(self, run: Run, tx: sa.Connection) -> None:
        super().__init__(run, tx)
        self._entries: dict[InquiryId, list[Entry]] = {}
        self._new: dict[InquiryId, datetime] = {}
        self._orphans: list[Link] = []
        self._disagreements: list[Disagreement] = []
        self.grown: set[InquiryId] = set()  #: inquiries that got a record, or got one back: their messages have to follow

    # ---------------------------------------------------------------------------------------------------------- observing
    def observe(
        self,
        link: Link,
        record: RemoteRecord,
        view: View,
        lines: Lines = NO_LINES,
        *,
        own: Mapping[FieldId, Sequence[Value]] | None = None,
        applied: Mapping[FieldId, Value] | None = None,
    ) -> None:
        """Merge what a record says now into its inquiry.

        Args:
            link: of the record, out of `self.links`.
            record: as the platform holds it.
            view: of it, by the side's mapper.
            lines: the platform's history since it was last seen, without echoes, by field.
            own: values we wrote or may have written; default: the link's `inflight`.
            applied: what the platform has just told us it took over: agreed from then on.
        """
        run, side = self.run, self.run.side_of(link)
        inquiry = link.inquiry
        assert inquiry is not None
        values = self.values[inquiry]
        sent = own if own is not None else {FieldId(name): link.may_have_written(FieldId(name)) for name in link.inflight}
        said, _ = self.persons.there(self.links[inquiry], link, values, view)
        projected = link.would_say(side.mapper.project(link.collection, said).values)
        base = dict(link.base)
        for name, ours in sent.items():
            lost = overwritten(lines.get(name, ()), base.get(name), ours)
            if lost is not None:
                self._disagree(link, name, base.get(name), lost.new, lost.old, "ours")
            if applied is not None and name in applied:
                base[name] = applied[name]
            landed = [line for line in lines.get(name, ()) if any(same(line.new, one) for one in ours)]
            if landed:
                base[name] = landed[-1].new
        collection = side.binding.collections[link.collection]
        owned = [name for name, at in collection.fields.items() if at.policy is Policy.OWNER]
        for name in sent if own is None else ():
            seen, agreed = view.values.get(name), link.base.get(name)
            again = name in view.values and any(same(seen, one) for one in sent[name]) and not same(seen, agreed)
            if again and same(projected.get(name), agreed):
                # an earlier attempt of ours, come late over what was agreed since, or a person's word: it gives way, both are kept
                self._disagree(link, name, agreed, agreed, seen, "ours")
        doubtful = self._doubtful(link, record) if own is None else ()
        observed = view.values if self._states(view) else {name: seen for name, seen in view.values.items() if name != STATUS}
        merged = merge(projected=projected, base=base, observed=observed, inflight=sent, owned=owned, doubtful=doubtful)
        remapped = link.seen_fp is not None and not link.seen_fp.startswith(side.mapper.digest[:12])
        amend: Mapping[FieldId, Value] = {}
        if merged.taken:
            change = ObservedChange(side.name, dict(merged.taken))
            verdict = run.gate(lambda: run.hooks.incoming(self.documents[inquiry].inquiry(), change))
            if verdict.hold is not None:
                link.seen_fp = imprint(record, view, side.mapper.digest)
                self.park(link, verdict.hold)
                return
            amend = verdict.amend
        for clash in merged.clashes:
            self._disagree(link, clash.field, clash.base, clash.ours, clash.theirs, clash.winner)
        for name, seen in merged.taken.items():
            self._take(link, record, name, base.get(name), seen, lines.get(name, ()), remapped)
        for name, run_of in lines.items():
            if name not in merged.taken and name in view.values and same(view.values[name], projected.get(name)):
                self._flicker(link, name, base.get(name), view.values[name], run_of)
        self._begin(inquiry, side, view, run.now())
        for name, value in amend.items():
            self._say(inquiry, name, value, "plugin:incoming", run.now())
        run.report.values_merged += len(merged.taken)
        run.touched.add(inquiry)
        if link.seen_fp is None:
            self.grown.add(inquiry)  # seen first, or let go on by a person: what was said while it was set aside has to follow
        self.remember(link, side, record, view, sent)
        if remapped and (merged.taken or merged.clashes or (not link.push and self.want(inquiry, link))):
            run.remapped.setdefault(side.name, set()).add(link.id)

    @staticmethod
    def _states(view: View) -> bool:
        """Whether a record has no status field, or has something in it. An empty one is no word: it is filled, not taken over."""
        return STATUS not in view.values or view.values[STATUS] not in EMPTY

    def _begin(self, inquiry: InquiryId, side: Side, view: View, at: datetime) -> None:
        """Where a record has a place for a status and nobody has said one, the inquiry is in the practice's first.

        Not where another record of it says one that we have no word for.
        """
        model = side.binding.statuses
        said = self.values[inquiry].get(STATUS) not in EMPTY or any(STATUS in one.seen.unknown for one in self.links[inquiry])
        if not said and not self._states(view) and model is not None and model.initial:
            self._say(inquiry, STATUS, model.initial, f"practice:{self.run.practice}", at)

    def _doubtful(self, link: Link, record: RemoteRecord) -> list[FieldId]:
        """Fields we may have written without learning of it, on a record that has since changed by more than our write could.

        With a history its lines tell what stood there in between; without one only the gap between the versions does.
        """
        version = version_of(record)
        if link.seen.version in (None, version) or follows(link.seen.version, version):
            return []
        capabilities = self.run.side_of(link).capabilities(link.collection)
        history = "none" if capabilities is None else capabilities.history
        return [FieldId(name) for name in link.inflight if history == "none" or (history == "status" and name != STATUS)]

    def remember(
        self,
        link: Link,
        side: Side,
        record: RemoteRecord,
        view: View,
        sent: Mapping[FieldId, Sequence[Value]],
    ) -> None:
        """Write down that both sides agree on what a record says now; `sent` are values of ours that may have been under way."""
        now, capabilities = self.run.now(), side.capabilities(link.collection)
        settled = link.last_try is None or capabilities is None or now >= link.last_try + capabilities.settle
        for name in list(link.inflight):
            at = FieldId(name)
            if settled:
                link.inflight.pop(name)
            elif at in view.values and any(same(view.values[at], one) for one in sent.get(at, ())):
                self.answered(link, at, view.values[at])
        for name, raw in view.unknown.items():
            if name not in link.seen.unknown:
                self.run.report.unknown_values[f"{side.name}/{name}"] = raw
        link.base = {**link.base, **view.values}
        link.dropped = {name: value for name, value in link.dropped.items() if not same(view.values.get(name), value)}
        link.shaped = {name: pair for name, pair in link.shaped.items() if same(view.values.get(name), pair[1])}
        link.unreadable = side.bound(link.collection) - view.values.keys() - view.unknown.keys()
        link.seen = Seen(
            values=dict(view.values),
            unknown=dict(view.unknown),
            accounts=dict(view.accounts),
            at=record.updated_at,
            by=record.updated_by,
            version=version_of(record),
        )
        link.seen_fp = imprint(record, view, side.mapper.digest)
        if capabilities is None or capabilities.messages != "per_record" or side.connection.messages is None:
            link.seen_version = version_of(record)
        elif link.seen_version != version_of(record):
            link.seen_version = None  # until its messages have been read, be it by another run
        link.label, link.url = record.label, record.url
        link.dirty = False

    def answered(self, link: Link, name: FieldId, value: Value) -> None:
        """A value in flight has arrived. Earlier ones have not where they were sent under a condition; else they still may."""
        capabilities = self.run.side_of(link).capabilities(link.collection)
        conditional = capabilities is not None and capabilities.conditions
        rest = [] if conditional else [raw for raw in link.inflight.get(name, ()) if not same(decode(raw), value)]
        if rest:
            link.inflight[name] = rest
        else:
            link.inflight.pop(name, None)

    def _take(
        self, link: Link, record: RemoteRecord, name: FieldId, base: Value, seen: Value, lines: Sequence[Change], remapped: bool
    ) -> None:
        """The inquiry takes a platform's value: its history's lines are the events, or else what we saw is one."""
        assert link.inquiry is not None
        entries = self._entries.setdefault(link.inquiry, [])
        held = self._held(link, name, seen)
        if remapped:
            entries.append(
                Entry(
                    field=name,
                    new=held,
                    at=self.run.now(),
                    source=f"practice:{self.run.practice}",
                    origin_id=self.run.store.new_id(),
                )
            )
        else:
            entries.extend(told(link, line) for line in chain(lines, base, seen))
            if not entries or entries[-1].field != name or not same(entries[-1].new, seen):
                entries.append(sighted(link, record, name, seen, self.run.now()))
            entries[-1] = replace(entries[-1], new=held)
        self.values[link.inquiry][name] = held

    def _held(self, link: Link, name: FieldId, seen: Value) -> Value:
        """What the inquiry takes of what a platform says: see `merge.held`."""
        assert link.inquiry is not None
        side = self.run.side_of(link)
        if not isinstance(seen, str) or not shared(side.binding.collections[link.collection], name, seen):
            return seen
        values = self.values[link.inquiry]
        said = [event.new for event in events_of(self.tx, link.inquiry, name)]
        said += [entry.new for entry in self._entries.get(link.inquiry, ()) if entry.field == name]
        return held(
            seen, reversed(said), lambda word: side.mapper.project(link.collection, {**values, name: word}).values.get(name)
        )

    def _flicker(self, link: Link, name: FieldId, base: Value, seen: Value, lines: Sequence[Change]) -> None:
        """A value that went away and came back between two looks: the states between are events all the same."""
        assert link.inquiry is not None
        run_of = chain(lines, base, seen)
        if run_of and same(base, seen):
            entries = [told(link, line) for line in run_of]
            entries[-1] = replace(entries[-1], new=self.values[link.inquiry].get(name))  # in our words, where they say more
            self._entries.setdefault(link.inquiry, []).extend(entries)

    def refine(self, link: Link, coarse: Sequence[Any], lines: Lines) -> None:
        """History has caught up: its lines stand for the coarser events in clocks; the fold skips them."""
        assert link.inquiry is not None
        used: set[str] = set()
        for event in coarse:
            free = [line for line in lines.get(event.field, ()) if origin_of(line) not in used]
            for line in explains(free, event.old, event.new):
                used.add(origin_of(line))
                entry = told(link, line, refines=event.seq, old=line.old)
                self._entries.setdefault(link.inquiry, []).append(entry)

    def _say(self, inquiry: InquiryId, name: FieldId, value: Value, source: str, at: datetime) -> None:
        if not same(self.values[inquiry].get(name), value):
            entry = Entry(field=name, new=value, at=at, source=source, origin_id=self.run.store.new_id())
            self._entries.setdefault(inquiry, []).append(entry)
            self.values[inquiry][name] = value

    def _disagree(self, link: Link, name: FieldId, base: Value, ours: Value, theirs: Value, winner: str) -> None:
        assert link.inquiry is not None
        found = Disagreement(
            inquiry=link.inquiry, field=name, conn=link.conn, base=base, ours=ours, theirs=theirs, winner=winner, at=self.run.now()
        )
        self._disagreements.append(found)

    def disagree(self, link: Link, name: FieldId, base: Value, ours: Value, theirs: Value) -> None:
        """Keep both values where the inquiry's own stands."""
        self._disagree(link, name, base, ours, theirs, "ours")

    def add(self, inquiry: InquiryId, entry: Entry) -> None:
        """Have the next flush write one more event; whoever adds a value changes `values` too."""
        self._entries.setdefault(inquiry, []).append(entry)

    def follow(self) -> None:
        """Have what was said go to the records that inquiries got."""
        from deskweave.sync.messages import spread

        spread(self.run, self.tx, self.links, self.grown)

    def park(self, link: Link, reason: str) -> None:
        """Set a record aside until a person has looked; others go on."""
        link.state, link.parked_reason, link.push, link.not_before = "parked", reason, False, None
        number = None if link.inquiry is None else self.documents[link.inquiry].number
        self.run.report.parked.append(
            ParkedNote(link=link.id, connection=link.conn, label=link.label, number=number, reason=reason)  # type: ignore[arg-type]
        )

    def leave_open(self, link: Link) -> None:
        """A create of which nothing there tells for certain whether it took effect: a machine never repeats it."""
        self.park(link, "whether it was created is not known, and it cannot be recognised there: look, then say which record it is")
        link.state = "unknown"

    # ------------------------------------------------------------------------------------------------------ first contact
    def open(self, side: Side, record: RemoteRecord, view: View, lines: Lines = NO_LINES, *, alone: bool = False) -> None:
        """A record nobody knew becomes an inquiry; `alone`: a person has said that it is none of those it looks like."""
        run = self.run
        values = {name: value for name, value in view.values.items() if value not in EMPTY or isinstance(value, bool)}
        verdict = run.gate(lambda: run.hooks.incoming(None, ObservedChange(side.name, dict(values))))
        if verdict.hold is not None:
            self.set_aside(side, record, verdict.hold, imprint(record, view, side.mapper.digest))
            return
        inquiry = InquiryId(run.store.new_id())
        link = record_link(run, side, record.ref.collection, inquiry, rid=record.ref.rid)
        link.alone = alone
        opened = values.get(SUBMITTED_AT)
        seen_at = record.updated_at or run.now()
        begun = opened if isinstance(opened, datetime) else seen_at
        entries = self._entries.setdefault(inquiry, [])
        for name, value in values.items():
            life = tail(lines.get(name, ()), value)
            if life and life[0].old not in EMPTY:
                entries.append(begun_as(link, record, name, life[0], begun))
            entries.extend(told(link, line) for line in life)
            if not life:
                entries.append(sighted(link, record, name, value, run.now()))
        self._new[inquiry] = min([begun, *(entry.at for entry in entries)]) if not isinstance(opened, datetime) else opened
        self.values[inquiry] = values
        self.links[inquiry] = [link]
        self.remember(link, side, record, view, {})
        self._begin(inquiry, side, view, begun)
        for name, amended in verdict.amend.items():
            self._say(inquiry, name, amended, "plugin:incoming", run.now())
        run.touched.add(inquiry)
        run.part(side).imported += 1

    def set_aside(self, side: Side, record: RemoteRecord, reason: str, seen_fp: str | None) -> str:
        """Keep a record from becoming an inquiry until a person has looked; answers with its link."""
        link = record_link(self.run, side, record.ref.collection, rid=record.ref.rid)
        link.label, link.url, link.seen_fp, link.seen_version = record.label, record.url, seen_fp, version_of(record)
        self.park(link, reason)
        self._orphans.append(link)
        return link.id

    def meet(self, link: Link, record: RemoteRecord, view: View, lines: Lines = NO_LINES, *, answered: bool) -> None:
        """The first look at a record we created.

        Args:
            link: in state creating or unknown (or parked); becomes live.
            record: it.
            view: of it.
            lines: its history.
            answered: the record came in the create's own answer, so nobody can have edited it: what differs from the draft is the
                platform's doing, and ours is written again. Otherwise it was found later, and what differs may be a person's word.
        """
        side = self.run.side_of(link)
        assert link.inquiry is not None
        stated: Mapping[FieldId, Value] = {}
        if link.frozen is not None:
            fields = link.frozen.get("fields")
            assert isinstance(fields, Mapping)
            draft = RemoteRecord(
                ref=record.ref, fields=fields, corr=link.corr, updated_at=None, version=None, updated_by=None, label=""
            )
            stated = side.mapper.read(draft).values
        said, _ = self.persons.there(self.links[link.inquiry], link, self.values[link.inquiry], view)
        projected = side.mapper.project(link.collection, said).values
        base: dict[FieldId, Value] = {}
        for name, seen in view.values.items():
            first = next(iter(lines.get(name, ())), None)
            if first is not None and not (name in stated and same(first.new, stated[name])):
                base[name] = first.old  # what people found there: the platform may not have kept what was stated
            elif name in stated:
                lost = seen in EMPTY and stated[name] not in EMPTY and first is None
                if lost and not answered:
                    self._disagree(link, name, stated[name], projected.get(name), seen, "ours")
                base[name] = seen if answered or lost else stated[name]
            else:
                # nothing was said of it: where we have a word the platform's default gives way, else it is taken over
                base[name] = None if projected.get(name) in EMPTY else seen
        for name, policy in side.policies(link.collection).items():
            if policy is Policy.READ_ONLY and name in projected and name not in stated:
                # it was never told our word: what stands there is not against it
                link.shaped[name] = (projected[name], base.get(name))
        link.rid, link.state, link.frozen, link.base = record.ref.rid, "live", None, base
        link.attempts, link.not_before, link.parked_reason = 0, None, None
        link.seen_fp = None
        self.observe(link, record, view, lines, own={})

    # -------------------------------------------------------------------------------------------------------------- flush
    def flush(self) -> None:
        """Write events and documents, make counterparts, decide what is to be written where, save every link that moved."""
        postings = []
        for inquiry in dict.fromkeys([*self.documents, *self._new]):
            entries = self._entries.pop(inquiry, [])
            known = self._unknown(inquiry)
            before = None if inquiry in self._new else self.documents[inquiry].unknown
            if entries or inquiry in self._new or known != before:
                postings.append(Posting(inquiry=inquiry, entries=entries, new=inquiry in self._new, unknown=known))
        self.documents.update(self.run.ledger.commit(self.tx, postings, settled=None))
        for posting in postings:
            self.values[posting.inquiry] = dict(self.documents[posting.inquiry].values)
        insert_links(self.tx, [one for inquiry in self._new for one in self.links[inquiry]] + self._orphans)
        self._conflicts()
        likeness.index(self)
        added: list[Link] = []
        for inquiry in self.documents:
            self._rehome(inquiry)
            added.extend(self._counterparts(inquiry))
            freeze(self.run, self.tx, self.links[inquiry], self.values[inquiry])
        insert_links(self.tx, added)
        moved: list[Link] = []
        told = {posting.inquiry for posting in postings}
        for inquiry, links in self.links.items():
            for one in links:
                self.refresh(inquiry, one, told=inquiry in told)
                moved.append(one)
        save_links(self.tx, moved)
        self._new.clear()
        self._orphans.clear()

    def save(self) -> None:
        """Write the links again after the caller moved some."""
        save_links(self.tx, [one for links in self.links.values() for one in links])

    def _unknown(self, inquiry: InquiryId) -> dict[str, Any]:
        return {f"{one.conn}/{name}": raw for one in self.links.get(inquiry, ()) for name, raw in one.seen.unknown.items()}

    def _conflicts(self) -> None:
        ids = record_conflicts(self.tx, self._disagreements)
        for identifier, one in zip(ids, self._disagreements, strict=True):
            self.run.report.conflicts.append(
                ConflictNote(
                    id=identifier,
                    inquiry=one.inquiry,
                    number=self.documents[one.inquiry].number,
                    field=one.field,
                    connection=one.conn,  # type: ignore[arg-type]
                    ours=one.ours,
                    theirs=one.theirs,
                    winner=one.winner,  # type: ignore[arg-type]
                )
            )
        self._disagreements.clear()

    # ------------------------------------------------------------------------------------------------------- counterparts
    def opened_at(self, inquiry: InquiryId) -> datetime:
        """When the inquiry began: what it says itself, else the earliest moment any event speaks of."""
        said = self.values[inquiry].get(SUBMITTED_AT)
        if isinstance(said, datetime):
            return said
        if inquiry in self._new:
            return self._new[inquiry]
        return first_at(self.tx, inquiry) or self.run.now()

    def _rehome(self, inquiry: InquiryId) -> None:
        """A counterpart that was never sent and belongs elsewhere by now, or nowhere, is chosen anew."""
        run, keep = self.run, []
        for one in self.links[inquiry]:
            side = run.find_side(one.conn)
            gone = (
                one.state == "new"
                and side is not None
                and not (
                    holds(side.binding.collections[one.collection].holds, self.values[inquiry])
                    and run.routed(side.name, self.values[inquiry])
                )
            )
            if gone:
                forget_link(self.tx, one.id)
            else:
                keep.append(one)
        self.links[inquiry] = keep

    def _counterparts(self, inquiry: InquiryId) -> list[Link]:
        """Links for the connections on which the inquiry should exist and does not yet."""
        run, values, added = self.run, self.values[inquiry], []
        if self.documents[inquiry].erased_at is not None or JOINED_INTO in values:
            return []
        missing = []
        for route in run.routes:
            have = {one.conn for one in self.links[inquiry] if one.role == "main"}
            absent = [name for name in route.among if name in run.sides and name not in have and name not in missing]
            if absent and holds(route.when, values):
                missing.extend(absent)
        if not missing or self.opened_at(inquiry) < run.since:
            return []
        for name in missing:
            side = run.sides[name]
            home = None if side.access != "write" else home_of(side, values)
            if home is None or not may_be_due(self, side, home, inquiry):
                continue
            link = record_link(run, side, home.name, inquiry)
            self.links[inquiry].append(link)
            self.grown.add(inquiry)
            added.append(link)
        return added
