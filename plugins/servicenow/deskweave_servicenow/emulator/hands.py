"""People at work in the instance's own pages: they write through its rules and stamps, never through a connector."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from deskweave.connector import Mapper, Ref, RemoteRecord, View
from deskweave.model import FieldId, Json, Value, Visibility
from deskweave_servicenow.emulator.instance import Account, Instance, Refused
from deskweave_servicenow.emulator.rules import Write, insert, remove, update
from deskweave_servicenow.emulator.seed import ADMIN, add_user, base_row
from deskweave_servicenow.emulator.table import Stored, Table
from deskweave_servicenow.mapping import REFERENCES, read_record

_NUMBER: Final = {"incident": re.compile(r"INC\d{7}"), "interaction": re.compile(r"IMS\d{7}")}
_ELEMENT: Final = {Visibility.PUBLIC: "comments", Visibility.INTERNAL: "work_notes"}
_LATER: Final = "attachments come later: this emulator has no attachment API yet"


class InstanceHands:
    """`connector.Hands`. Whoever is named and not known yet joins the company: a user with that name."""

    def __init__(self, instance: Instance, mapper: Mapper) -> None:
        self._instance, self._mapper = instance, mapper

    def create(self, collection: str, values: Mapping[FieldId, Value], by: str) -> Ref:
        """File a new record through the form.

        Raises:
            ValueError: the instance refuses it.
        """
        with self._instance.lock:
            table = self._table(collection)
            body = self._spelled(collection, self._mapper.draft(collection, values, corr="", key="").fields)
            try:
                row = insert(self._instance, table, body, Write(self._person(by)))
            except Refused as no:
                raise ValueError(f"ServiceNow refuses the new {collection}: {no.detail or no.message}") from no
            return Ref(collection, row["sys_id"])

    def edit(self, ref: Ref, values: Mapping[FieldId, Value], by: str) -> None:
        """Change fields of a record and save.

        Raises:
            ValueError: the record is not there, or the instance refuses the change.
        """
        with self._instance.lock:
            table, row = self._row(ref)
            account = self._person(by)
            self._save(table, row, self._changes(ref, row, values), Write(account), ref)

    def shows(self, ref: Ref) -> Mapping[FieldId, Value]:
        """What the form shows.

        Raises:
            ValueError: the record is not there.
        """
        with self._instance.lock:
            return self._mapper.read(self._record(ref, self._row(ref)[1])).values

    def said(self, parent: Ref) -> Sequence[tuple[Visibility, str]]:
        """The entries of the activity stream: comments and work notes."""
        kinds = {element: visibility for visibility, element in _ELEMENT.items()}
        with self._instance.lock:
            rows = [row for row in self._instance.tables["sys_journal_field"].rows.values() if row.get("element_id") == parent.rid]
            return [(kinds[row["element"]], row.get("value", "")) for row in rows if row.get("element") in kinds]

    def write(self, parent: Ref, visibility: Visibility, body: str, by: str) -> Ref:
        """Post a comment the requester sees, or a work note.

        Raises:
            ValueError: the record is not there or has no such journal.
        """
        with self._instance.lock:
            table, row = self._row(parent)
            element = _ELEMENT[visibility]
            if element not in table.columns:
                raise ValueError(f"{table.name} has no {element}; its only journal is work_notes")
            before = set(self._instance.tables["sys_journal_field"].rows)
            self._save(table, row, {element: body}, Write(self._person(by)), parent)
            journal = self._instance.tables["sys_journal_field"].rows
            new = [sys_id for sys_id in journal if sys_id not in before and journal[sys_id].get("element") == element]
            if not new:
                raise ValueError("an empty comment is not posted")
            return Ref("sys_journal_field", new[-1])

    def attach(self, parent: Ref, visibility: Visibility, name: str, content: bytes, by: str) -> Ref:
        raise NotImplementedError(_LATER)

    def remove(self, ref: Ref) -> None:
        """Delete a record, as an administrator."""
        with self._instance.lock:
            remove(self._instance, self._table(ref.collection), ref.rid, Write(self._instance.accounts[ADMIN]))

    def answer(self, corr: str, kind: str, value: Json, by: str) -> None:
        raise NotImplementedError("answers come later: the Table API cannot fill in a survey, and this emulator has none")

    def replay(self, collection: str, history: Sequence[tuple[datetime, str, Mapping[FieldId, Value]]]) -> Sequence[Ref]:
        """Live through a log in the order of its times; lines of one instant keep the log's own order.

        The first line of a record creates it, later ones change it. Rules that would refuse are off, as for a data load, because
        the log's own rules were others; stamps, audit and metrics are kept as always, at the log's times. A record whose name in
        the log is a free number of that table gets it.

        Returns:
            One reference for each record, in the order of the first line about it.
        """
        with self._instance.lock:
            table = self._table(collection)
            account = self._instance.accounts[ADMIN]
            born: dict[str, str] = {}
            first_seen = list(dict.fromkeys(name for _, name, _ in history))
            try:
                for when, name, values in sorted(history, key=lambda line: line[0]):
                    self._instance.stand_at(when)
                    if name not in born:
                        free = bool(_NUMBER[collection].fullmatch(name)) and not table.among("number", frozenset({name.casefold()}))
                        write = Write(account, enforce=False, number=name if free else "")
                        body = self._spelled(collection, self._mapper.draft(collection, values, corr="", key="").fields)
                        born[name] = insert(self._instance, table, body, write)["sys_id"]
                        continue
                    row = table.rows[born[name]]
                    ref = Ref(collection, born[name])
                    update(self._instance, table, row, self._changes(ref, row, values), Write(account, enforce=False))
            finally:
                self._instance.stand_at(None)
            return [Ref(collection, born[name]) for name in first_seen]

    # --------------------------------------------------------------------------------------------------------------- inside
    def _table(self, collection: str) -> Table:
        if collection not in _NUMBER:
            raise ValueError(f"{collection!r} is no collection of this emulator; it has {', '.join(_NUMBER)}")
        return self._instance.tables[collection]

    def _row(self, ref: Ref) -> tuple[Table, Stored]:
        table = self._table(ref.collection)
        if ref.rid not in table.rows:
            raise ValueError(f"there is no {ref.collection} {ref.rid}")
        return table, table.rows[ref.rid]

    def _save(self, table: Table, row: Stored, changes: Mapping[str, Json], write: Write, ref: Ref) -> None:
        try:
            update(self._instance, table, row, changes, write)
        except Refused as no:
            raise ValueError(f"ServiceNow refuses the change of {row.get('number', ref.rid)}: {no.detail or no.message}") from no

    def _changes(self, ref: Ref, row: Stored, values: Mapping[FieldId, Value]) -> dict[str, Json]:
        patch = self._mapper.patch(View(dict(values)), self._record(ref, row), key="")
        return self._spelled(ref.collection, {**patch.set, **{name: "" for name in patch.clear}})

    def _record(self, ref: Ref, row: Stored) -> RemoteRecord:
        table = self._instance.tables[ref.collection]
        shown: dict[str, Json] = {name: row.get(name, "") for name in table.columns}
        for name, (target, words) in REFERENCES.items():
            there = self._instance.tables[target].rows.get(row.get(name, ""))
            if there is not None:
                shown |= {f"{name}.{word}": there.get(word, "") for word in words}
        record = read_record(ref.collection, shown, correlation=None, address="")
        assert record is not None
        return record

    def _spelled(self, collection: str, fields: Mapping[str, Json]) -> dict[str, Json]:
        """Fields as the form stores them: people and groups picked from the list, or added to it."""
        found: dict[str, Json] = {}
        for name, value in fields.items():
            if name in REFERENCES and value not in (None, ""):
                found[name] = self._reference(REFERENCES[name][0], str(value))
            else:
                found[name] = value
        return found

    def _reference(self, table: str, text: str) -> str:
        if table == "sys_user":
            return self._user(text)["sys_id"]
        rows = self._instance.tables[table].rows
        for row in rows.values():
            if text.casefold() in (row["sys_id"], row.get("name", "").casefold()):
                return row["sys_id"]
        made = base_row(self._instance, {"name": text, "active": "true"})
        self._instance.tables[table].put(made)
        return made["sys_id"]

    def _user(self, text: str) -> Stored:
        known = self._known.get(text)
        if known is None:
            known = self._instance.user(text)
            if known is None:
                user_name = text.partition("@")[0] if "@" in text else re.sub(r"\s+", ".", text.strip().lower())
                if self._instance.tables["sys_user"].among("user_name", frozenset({user_name.casefold()})):
                    user_name = text.lower()  # somebody of that name works here already
                email = text if "@" in text else ""
                known = add_user(self._instance, text, user_name, email, "zh" if not text.isascii() else "en")
            self._known[text] = known
        return known

    @property
    def _known(self) -> dict[str, Stored]:
        return self._instance.known_people

    def _person(self, by: str) -> Account:
        """Whoever sits at the keyboard: staff of the desk, or the account of that name."""
        row = self._user(by)
        account = self._instance.accounts.get(row["user_name"])
        if account is not None:
            return account
        return Account(row["user_name"], row["sys_id"], "", frozenset({"itil", "interaction_agent"}), zone="Asia/Shanghai")
