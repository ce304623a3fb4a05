"""What people do in Feishu's own pages: rows in the base, chats with the helpdesk. Never through the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from deskweave.connector import Mapper, Ref, RemoteRecord, View
from deskweave.model import FieldId, Json, Value, Visibility
from deskweave_feishu.cells import column_of, empty_cell, read_cell
from deskweave_feishu.emulator.cells import shown
from deskweave_feishu.emulator.state import Column, Row, Table, Ticket
from deskweave_feishu.tickets import TITLE_LENGTH

if TYPE_CHECKING:
    from deskweave_feishu.emulator.platform import FeishuPlatform

LEDGER, TICKET = "ledger", "ticket"
LATER: Final = "attachments come with a later release of the Feishu connector"
_TITLE: Final = FieldId("title")
_SYMPTOM: Final = FieldId("symptom")


class FeishuHands:
    """`connector.Hands`. `by` is an open_id, an e-mail address or a name; somebody unknown joins the tenant."""

    def __init__(self, platform: FeishuPlatform, mapper: Mapper, table: str) -> None:
        self._of, self._mapper, self._table_name = platform, mapper, table

    def create(self, collection: str, values: Mapping[FieldId, Value], by: str) -> Ref:
        """A new row, or a new chat: its guest's first message is the title."""
        with self._of.lock:
            person = self._of.person(by)
            if collection == TICKET:
                ticket = self._of.service.open(person)
                for said in (values.get(_TITLE), values.get(_SYMPTOM)):
                    if said:
                        self._of.service.say(ticket, person, str(said))
                ticket.updated_at = -1  # opening it is no update
                self._tell(ticket, self._spelled(Ref(TICKET, ticket.ticket_id), values), by)
                return Ref(TICKET, ticket.ticket_id)
            table = self._table()
            spelled = self._mapper.draft(LEDGER, values, corr="", key="").fields
            cells = self._cells(table, {native: raw for native, raw in spelled.items() if raw != ""})
            return Ref(LEDGER, self._of.bitable.add(self._of.base, table, cells, person).record_id)

    def edit(self, ref: Ref, values: Mapping[FieldId, Value], by: str) -> None:
        """Change cells of a row; on a ticket answer, hold, close, rate: what its pages let people do."""
        with self._of.lock:
            spelled = self._spelled(ref, values)
            if ref.collection == TICKET:
                self._tell(self._ticket(ref), spelled, by)
                return
            table, row = self._row(ref)
            self._of.bitable.edit(self._of.base, table, row, self._cells(table, spelled), self._of.person(by))

    def shows(self, ref: Ref) -> Mapping[FieldId, Value]:
        """What a row of the table, or a ticket's page, shows."""
        with self._of.lock:
            fields = self._ticket_shows(self._ticket(ref)) if ref.collection == TICKET else self._row_shows(*self._row(ref))
        record = RemoteRecord(ref=ref, fields=fields, corr=None, updated_at=None, version=None, updated_by=None, label=ref.rid)
        return self._mapper.read(record).values

    def said(self, parent: Ref) -> Sequence[tuple[Visibility, str]]:
        """The chat of a ticket and the remarks among its agents; a row of the ledger has neither."""
        if parent.collection != TICKET:
            return []
        with self._of.lock:
            ticket = self._ticket(parent)
            chat = [(Visibility.PUBLIC, one.text) for one in ticket.said]
            return [*chat, *((Visibility.INTERNAL, one.text) for one in ticket.comments)]

    def _row_shows(self, table: Table, row: Row) -> dict[str, Json]:
        fields: dict[str, Json] = {}
        for held in table.columns:
            column = column_of(held.shown())
            if column is None:
                continue
            cell = shown(held, row, self._of.people, unchecked_is_absent=False)
            value = empty_cell(column) if cell is None else read_cell(column, cell)
            fields |= {column.id: value, column.name: value}
        return fields

    def _ticket_shows(self, ticket: Ticket) -> dict[str, Json]:
        first = next((one.text for one in ticket.said if one.by is ticket.guest), None)
        return {
            "first_message": None if first is None else " ".join(first.split())[:TITLE_LENGTH] or None,
            "status": ticket.status,
            "ticket_type": ticket.ticket_type,
            "score": ticket.score or None,
            "guest.name": ticket.guest.name,
        }

    def write(self, parent: Ref, visibility: Visibility, body: str, by: str) -> Ref:
        """A message in a ticket's chat, or a remark among its agents."""
        with self._of.lock:
            if parent.collection != TICKET:
                message = "a row of the ledger has no messages; write on the ticket, or on another platform"
                raise ValueError(message)
            ticket, person = self._ticket(parent), self._of.person(by)
            if visibility is Visibility.INTERNAL:
                return Ref(TICKET, f"{ticket.ticket_id}/c/{self._of.service.remark(ticket, person, body).id}")
            said = self._of.service.say(ticket, person, body)
            return Ref(TICKET, f"{ticket.ticket_id}/m/{int(said.message_id) + 1}")

    def attach(self, parent: Ref, visibility: Visibility, name: str, content: bytes, by: str) -> Ref:
        raise NotImplementedError(LATER)

    def remove(self, ref: Ref) -> None:
        """Delete a row.

        Raises:
            ValueError: it is a ticket, which nobody can delete.
        """
        with self._of.lock:
            if ref.collection == TICKET:
                message = "nobody can delete a helpdesk ticket in Feishu"
                raise ValueError(message)
            table, row = self._row(ref)
            del table.rows[row.record_id]
            table.revision += 1

    def answer(self, corr: str, kind: str, value: Json, by: str) -> None:
        message = "cards in chat, and pressing their buttons, come with a later release of the Feishu connector"
        raise NotImplementedError(message)

    def replay(self, collection: str, history: Sequence[tuple[datetime, str, Mapping[FieldId, Value]]]) -> Sequence[Ref]:
        message = "replaying a log on the Feishu emulator comes with a later release; create and edit at the times you need"
        raise NotImplementedError(message)

    # ---------------------------------------------------------------------------------------------------------------- state
    def _spelled(self, ref: Ref, values: Mapping[FieldId, Value]) -> Mapping[str, Json]:
        """The values as the platform spells them, whatever stands there now."""
        blank = RemoteRecord(ref=ref, fields={}, corr=None, updated_at=None, version=None, updated_by=None, label="")
        return self._mapper.patch(View(dict(values)), blank, key="").set

    def _table(self) -> Table:
        table = self._of.base.table_named(self._table_name)
        if table is None:
            message = f"the emulated base has no table {self._table_name} yet; apply makes it"
            raise ValueError(message)
        return table

    def _row(self, ref: Ref) -> tuple[Table, Row]:
        table = self._table()
        row = table.rows.get(ref.rid)
        if row is None:
            message = f"the emulated ledger has no row {ref.rid}"
            raise ValueError(message)
        return table, row

    def _ticket(self, ref: Ref) -> Ticket:
        ticket = self._of.helpdesk.tickets.get(ref.rid)
        if ticket is None:
            message = f"the emulated helpdesk has no ticket {ref.rid}"
            raise ValueError(message)
        return ticket

    def _cells(self, table: Table, spelled: Mapping[str, Json]) -> dict[str, Any]:
        """What a person types or picks, as the base keeps it."""
        typed: dict[str, Any] = {}
        for native, raw in spelled.items():
            column = table.find(native)
            if column is None:
                message = f"the emulated ledger has no column {native}; apply makes it, or `prepare` on the running emulator"
                raise ValueError(message)
            typed[column.name] = _typed(column, raw)
        return self._of.bitable.cells(table, table.columns, typed)

    def _tell(self, ticket: Ticket, spelled: Mapping[str, Json], by: str) -> None:
        """What can be changed of a ticket: status, rating, custom fields. The rest follows from the chat."""
        person = self._of.person(by)
        status = spelled.get("status")
        if status is not None and int(str(status)) != ticket.status:
            self._of.service.become(ticket, int(str(status)), person)
        if spelled.get("score") is not None:
            ticket.score = int(str(spelled["score"]))
            ticket.reasons = [{"zh_cn": "问题没有解决", "en_us": "It was not solved"}] if ticket.score == 1 else []
            self._of.service.touch(ticket)
        keys = {str(field["key_name"]) for field in self._of.helpdesk.fields}
        for native, raw in spelled.items():
            key = native.removeprefix("customized_fields.")
            if key != native and key in keys:
                ticket.custom[key] = "" if raw is None else str(raw)
                self._of.service.touch(ticket)


def _typed(column: Column, raw: Json) -> Any:
    if column.type == 15 and isinstance(raw, str):
        return {"text": raw, "link": raw}
    if column.type == 4 and isinstance(raw, str):
        return [raw]
    return raw
