"""The Mapper made of a binding and a dialect. Pure: no I/O, no clock; the same input gives the same output for ever.

Values cross by what they mean, never by a platform's number for it (practice D3).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from deskweave.connector import Change, Draft, Patch, RemoteChange, RemoteRecord, View
from deskweave.mapping.codec import Codec, Codecs, PeopleCodec, Unmapped, text_codec
from deskweave.model import Binding, CollectionBinding, FieldBinding, FieldId, Json, StatusBinding, Value
from deskweave.model.constraint import Constraint, constraint_of

STATUS: Final = FieldId("status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What a connector says about its platform's spelling.

    `status_by` "set": a status is values written into fields. "transition": it is walked to, so it goes to `Patch.status` as the
    value of the first key of `is`. `empty` is what is written to clear a field (ServiceNow: ""; None means a JSON null).
    `digest` changes whenever the code behind the codecs reads or writes anything differently.
    """

    codecs: Codecs
    digest: str
    status_by: str = "set"
    empty: Json = None

    def codec(self, type_: str) -> Codec:
        return self.codecs.get(type_) or self.codecs.get("*") or text_codec


class _Absent:
    """A value that the platform has no spelling for."""


_ABSENT, _UNKNOWN = _Absent(), _Absent()
_REMEMBERED: Final = 50_000
READS: Final = "2"  #: raised whenever this module reads or writes anything otherwise


def _bound(binding: Binding, collection: CollectionBinding) -> Mapping[FieldId, FieldBinding]:
    return {name: at for name, at in collection.fields.items() if at.provisioned and name in binding.fields and name != STATUS}


def _status_keys(collection: CollectionBinding) -> list[str]:
    """The native fields that make up the status, the deciding one first."""
    return list(dict.fromkeys(key for spelled in collection.statuses.values() for key in spelled.is_))


class BoundMapper:
    """`connector.Mapper` for a binding.

    It states every bound field it is given: whether a field may be written at all (policy, withholding, unreadable) is the
    engine's decision, made before it asks. A value that does not meet its field's constraints (practice A9) is treated like one
    without a word, in both directions: it is kept raw and shown, and it is never written. History lines carry raw values in the
    shape the record itself has; where a status is made up of several native fields, a line of the deciding one may carry a mapping
    of all that are known.
    """

    def __init__(self, binding: Binding, dialect: Dialect) -> None:
        self._binding, self._dialect = binding, dialect
        self.digest = hashlib.sha256(f"{binding.digest}:{dialect.digest}:{READS}".encode()).hexdigest()[:16]
        self._fields = {name: _bound(binding, collection) for name, collection in binding.collections.items()}
        self._codecs = {name: dialect.codec(field.type) for name, field in binding.fields.items()}
        self._people = {name: self._accounts(bound) for name, bound in self._fields.items()}
        self._keys = {name: _status_keys(collection) for name, collection in binding.collections.items()}
        asked = ((name, constraint_of(field)) for name, field in binding.fields.items())
        self._constraints: dict[FieldId, Constraint] = {name: asks for name, asks in asked if asks is not None}
        self._blanks: dict[str, dict[FieldId, Value]] = {}
        self._projected: dict[tuple[str, FieldId, type, Value], Value | _Absent] = {}
        self._spelled: dict[tuple[str, bool, tuple[tuple[str, str], ...]], str | None] = {}

    # ------------------------------------------------------------------------------------------------------------ reading
    def read(self, record: RemoteRecord) -> View:
        """The record in the practice's words: absent keys were unreadable, values without a word stay raw in `unknown`."""
        collection = self._binding.collections[record.ref.collection]
        bound, keys = self._fields[collection.name], self._keys[collection.name]
        values: dict[FieldId, Value] = {}
        unknown: dict[FieldId, Json] = {}
        for name, at in bound.items():
            if at.native not in record.fields:
                continue
            raw = record.fields[at.native]
            try:
                values[name] = self._read(name, at, raw)
            except Unmapped:
                unknown[name] = raw
        words = {key: record.fields[key] for key in keys if key in record.fields}
        if words:
            slug = self._status(collection, words)
            if slug is not None:
                values[STATUS] = slug
            elif keys[0] in words and all(raw is None or raw == "" for raw in words.values()):
                values[STATUS] = None  # nobody has said one: a row that was added by hand
            else:
                unknown[STATUS] = words
        return View(values, unknown, self._who(collection.name, record.fields, values))

    def _accounts(self, bound: Mapping[FieldId, FieldBinding]) -> Mapping[FieldId, tuple[FieldBinding, PeopleCodec]]:
        """The fields of a person that hold an account."""
        found = {}
        for name, at in bound.items():
            people = self._codecs[name].people
            if people is not None and self._binding.fields[name].type == "person" and people.takes(at):
                found[name] = (at, people)
        return found

    def _who(self, collection: str, fields: Mapping[str, Json], values: Mapping[FieldId, Value]) -> Mapping[FieldId, str]:
        """Whose account stands in each of them."""
        found = {}
        for name, (at, people) in self._people[collection].items():
            account = people.account(fields, at) if values.get(name) is not None else None
            if account:
                found[name] = account
        return found

    def takes_accounts(self, collection: str) -> Collection[FieldId]:
        """Fields of a person that are written as an account."""
        return self._people[collection].keys()

    def spell(self, collection: str, people: Mapping[FieldId, tuple[str, str]]) -> Mapping[str, Json]:
        """What to write, by native field, for (account, name there)."""
        every = self._people[collection]
        return {every[name][0].native: every[name][1].spell(*who) for name, who in people.items() if name in every}

    def read_change(self, change: RemoteChange) -> Change | None:
        """A history line in the practice's words; None where the line says nothing the practice has a word for."""
        collection = self._binding.collections[change.ref.collection]
        keys = self._keys[collection.name]
        if keys and change.field == keys[0]:
            was, told = (self._status_told(collection, keys, raw) for raw in (change.old, change.new))
            return Change(field=STATUS, old=was, new=told, source=change) if told is not None else None
        for name, at in self._fields[collection.name].items():
            if at.native == change.field:
                try:
                    new = self._read(name, at, change.new)
                except Unmapped:
                    return None
                old: Value
                try:
                    old = self._read(name, at, change.old)
                except Unmapped:
                    old = None  # what stood there before has no word; what stands there now has
                return Change(field=name, old=old, new=new, source=change)
        return None

    # ------------------------------------------------------------------------------------------------------------ writing
    def project(self, collection: str, document: Mapping[FieldId, Value]) -> View:
        """What `read` would give if the platform agreed with us. A value the platform has no spelling for is left out."""
        bound, fields = self._binding.collections[collection], self._fields[collection]
        values = self._blank(collection).copy()
        for name, value in document.items():
            at = fields.get(name)
            if value is None or at is None:
                continue
            said = self._said(collection, name, at, value)
            if isinstance(said, _Absent):
                values.pop(name, None)
            else:
                values[name] = said
        status = document.get(STATUS)
        if isinstance(status, str) and status in bound.statuses:
            values[STATUS] = self._status(bound, bound.statuses[status].is_) or status
        return View(values)

    def _blank(self, collection: str) -> dict[FieldId, Value]:
        """What an empty inquiry says: most fields of most inquiries are empty."""
        found = self._blanks.get(collection)
        if found is None:
            every = {name: self._said(collection, name, at, None) for name, at in self._fields[collection].items()}
            found = self._blanks[collection] = {name: said for name, said in every.items() if not isinstance(said, _Absent)}
        return found

    def _said(self, collection: str, name: FieldId, at: FieldBinding, value: Value) -> Value | _Absent:
        """One field's projection; the same ones are asked for again and again."""
        key = (collection, name, type(value), value)
        said = self._projected.get(key, _UNKNOWN)
        if said is _UNKNOWN:
            try:
                said = self._read(name, at, self._write(name, at, value))
            except Unmapped:
                said = _ABSENT
            if len(self._projected) > _REMEMBERED:
                self._projected.clear()
            self._projected[key] = said
        return said

    def draft(self, collection: str, document: Mapping[FieldId, Value], *, corr: str, key: str) -> Draft:
        """A record to create. Empty values are not sent; a status that is walked to is left to the first patch."""
        bound = self._binding.collections[collection]
        fields: dict[str, Json] = dict(bound.fixed)
        for name, at in self._fields[bound.name].items():
            value = document.get(name)
            if value is None or value == ():
                continue
            try:
                fields[at.native] = self._write(name, at, value)
            except Unmapped:
                continue
        status = document.get(STATUS)
        if self._dialect.status_by == "set" and isinstance(status, str) and status in bound.statuses:
            fields.update(self._status_words(bound, bound.statuses[status], document))
        if bound.correlation is not None:
            fields[bound.correlation] = corr
        return Draft(collection=collection, corr=corr, key=key, fields=fields)

    def patch(self, want: View, seen: RemoteRecord, *, key: str) -> Patch:
        """What has to change for `seen` to say `want`: only fields that read differently, with a status's companions."""
        bound = self._binding.collections[seen.ref.collection]
        have = self.read(seen)
        fields: dict[str, Json] = {}
        clear: set[str] = set()
        covers: set[FieldId] = set()
        for name, at in self._fields[bound.name].items():
            if name not in want.values or name in have.unknown:
                continue
            if name in have.values and have.values[name] == want.values[name]:
                continue
            try:
                raw = self._write(name, at, want.values[name])
            except Unmapped:
                continue
            covers.add(name)
            if raw is None:
                clear.add(at.native)
                fields[at.native] = self._dialect.empty
            else:
                fields[at.native] = raw
        target: str | None = None
        status = want.values.get(STATUS)
        if (
            isinstance(status, str)
            and status in bound.statuses
            and STATUS not in have.unknown
            and have.values.get(STATUS) != status
        ):
            spelled = bound.statuses[status]
            covers.add(STATUS)
            if self._dialect.status_by == "transition":
                target = str(next(iter(spelled.is_.values())))
                fields.update(self._companions(bound, spelled, want.values))
            else:
                fields.update(self._status_words(bound, spelled, want.values))
        return Patch(
            ref=seen.ref,
            key=key,
            set=fields,
            clear=frozenset(clear),
            status=target,
            if_version=seen.version,
            covers=frozenset(covers),
        )

    # ------------------------------------------------------------------------------------------------------------ one value
    def _read(self, name: FieldId, at: FieldBinding, raw: Json) -> Value:
        value = self._codecs[name].read(raw, self._binding.fields[name], at)
        asks = self._constraints.get(name)
        if asks is not None and asks(value) is not None:
            raise Unmapped
        return value

    def _write(self, name: FieldId, at: FieldBinding, value: Value) -> Json:
        asks = self._constraints.get(name)
        if asks is not None and asks(value) is not None:
            raise Unmapped
        return self._codecs[name].write(value, self._binding.fields[name], at)

    # --------------------------------------------------------------------------------------------------------------- status
    def _status_told(self, collection: CollectionBinding, keys: Sequence[str], raw: Json) -> str | None:
        """The status a history line tells: by every key it carries, else by the deciding one alone."""
        if isinstance(raw, Mapping):
            words = {key: raw[key] for key in keys if key in raw}
            return self._status(collection, words, partial=len(words) < len(keys)) if words else None
        return self._status(collection, {keys[0]: raw}, partial=True)

    def _status(self, collection: CollectionBinding, words: Mapping[str, Json], *, partial: bool = False) -> str | None:
        """The status that `words` spell; the same few are asked for again and again."""
        key = (collection.name, partial, tuple((name, str(raw)) for name, raw in words.items()))
        if key not in self._spelled:
            if len(self._spelled) > _REMEMBERED:
                self._spelled.clear()
            self._spelled[key] = self._spell(collection, words, partial)
        return self._spelled[key]

    @staticmethod
    def _spell(collection: CollectionBinding, words: Mapping[str, Json], partial: bool) -> str | None:
        """The status that `words` spell: the most exact `is`, then the most exact of `reads`. `partial`: not every key is told."""

        def fits(spelled: Mapping[str, Json]) -> bool:
            keys = [key for key in spelled if key in words] if partial else list(spelled)
            return bool(keys) and all(key in words and str(words[key]) == str(spelled[key]) for key in keys)

        exact = sorted(
            ((len(spelled.is_), slug) for slug, spelled in collection.statuses.items() if fits(spelled.is_)),
            key=lambda pair: -pair[0],
        )
        told = {
            slug: max((sum(key in words for key in other) for other in spelled.reads if fits(other)), default=0)
            for slug, spelled in collection.statuses.items()
        }
        also = sorted((slug for slug, count in told.items() if count), key=lambda slug: -told[slug])
        if partial and also:
            return also[0]
        return exact[0][1] if exact else also[0] if also else None

    def _status_words(
        self, collection: CollectionBinding, spelled: StatusBinding, values: Mapping[FieldId, Value]
    ) -> dict[str, Json]:
        """`is` and its companions. Keys that other statuses use and this one does not are emptied, so that none is left over."""
        others = {key: self._dialect.empty for key in self._keys[collection.name] if key not in spelled.is_}
        return {**others, **spelled.is_, **self._companions(collection, spelled, values)}

    def _companions(
        self, collection: CollectionBinding, spelled: StatusBinding, values: Mapping[FieldId, Value]
    ) -> dict[str, Json]:
        """What a platform demands beside a status (close code, close notes): raw, a field's value, or a choice's raw value."""
        found: dict[str, Json] = {}
        for native, rule in spelled.sets.items():
            raw: Json = rule
            if isinstance(rule, Mapping):
                name = FieldId(str(rule.get("field") or rule.get("choice") or ""))
                value = values.get(name)
                table = rule.get("choices")
                if "choice" in rule and isinstance(table, Mapping):
                    raw = table.get(str(value), rule.get("default"))
                elif value is None:
                    raw = rule.get("default")
                else:
                    raw = self._companion(collection, name, value)
                    raw = rule.get("default") if raw is None else raw  # blank text says no more than none
            if raw is not None:
                found[native] = raw
        return found

    def _companion(self, collection: CollectionBinding, name: FieldId, value: Value) -> Json:
        """A field's value as a companion; None where it must not be written, or the platform has no spelling for it."""
        if name in collection.fields and name in self._binding.fields:
            try:
                return self._write(name, collection.fields[name], value)
            except Unmapped:
                return None
        asks = self._constraints.get(name)
        return None if asks is not None and asks(value) is not None else str(value)


def digest_of(value: Json) -> str:
    """A short stable digest of plain data, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()[:16]
