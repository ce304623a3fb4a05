"""The practice's fields and choices as columns and options of the ledger table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from deskweave.connector import Artifact, Element, ElementChange, Expression, Loss, Outcome, Page, Ref
from deskweave.connector import ElementId as Id
from deskweave.errors import (
    ConfigurationError,
    Executed,
    Missing,
    PermissionMissing,
    Rejected,
    RequestError,
    TransientError,
)
from deskweave.findings import Finding, Place, Severity
from deskweave.model import Json
from deskweave_feishu.cells import CHECKBOX, DATETIME, MULTI_SELECT, NUMBER, PHONE, SELECT, TEXT, URL, WRITABLE, Column, column_of
from deskweave_feishu.client import uuid4_of
from deskweave_feishu.errors import KEY_CONFLICT, RESUBMITTED, WRONG_HELPDESK, Refused
from deskweave_feishu.ledger import LEDGER, Ledger
from deskweave_feishu.losses import loss_of, message_field, person_as_text, ticket_choice, ticket_field
from deskweave_feishu.mark import Mark
from deskweave_feishu.tickets import TICKET, Tickets

FIELD, CHOICE = "field", "choice"
NAME_TAKEN: Final = ("1254014", RESUBMITTED, KEY_CONFLICT)
TABLE_TAKEN: Final = "1254013"
NOTHING_CHANGED: Final = "1254606"
#: What a column can hold in neutral words: several types of the practice share one type of column.
COARSE: Final[Mapping[str, str]] = {
    "text": "text",
    "long_text": "text",
    "email": "text",
    "phone": "text",
    "person": "text",
    "link": "link",
    "number": "number",
    "integer": "number",
    "duration": "number",
    "boolean": "boolean",
    "choice": "choice",
    "catalog_item": "choice",
    "status": "choice",
    "choices": "choices",
    "date": "datetime",
    "datetime": "datetime",
}
#: Filled in by the base for rows that people add, so that a clock that starts at registration has its start.
AUTO_FILLED: Final = frozenset({"fields/submitted_at"})
_OF_COLUMN: Final = {
    TEXT: "text",
    PHONE: "text",
    URL: "link",
    NUMBER: "number",
    CHECKBOX: "boolean",
    SELECT: "choice",
    MULTI_SELECT: "choices",
    DATETIME: "datetime",
}
_DEFINITION: Final[Mapping[str, tuple[int, str, Mapping[str, Json] | None]]] = {
    "text": (TEXT, "Text", None),
    "link": (URL, "Url", None),
    "number": (NUMBER, "Number", {"formatter": "0.00"}),
    "integer": (NUMBER, "Number", {"formatter": "0"}),
    "boolean": (CHECKBOX, "Checkbox", None),
    "choice": (SELECT, "SingleSelect", {"options": []}),
    "choices": (MULTI_SELECT, "MultiSelect", {"options": []}),
    "datetime": (DATETIME, "DateTime", {"date_formatter": "yyyy/MM/dd HH:mm", "auto_fill": False}),
    "date": (DATETIME, "DateTime", {"date_formatter": "yyyy/MM/dd", "auto_fill": False}),
}


def coarse(column: Column) -> str:
    return _OF_COLUMN.get(column.type, column.ui_type.lower() or str(column.type))


def definition(name: str, type_: str) -> dict[str, Json]:
    """A column for a field of the practice."""
    kind = type_ if type_ in _DEFINITION else "integer" if type_ == "duration" else COARSE.get(type_, "text")
    number, ui_type, property_ = _DEFINITION[kind]
    column: dict[str, Json] = {"field_name": name.strip(), "type": number, "ui_type": ui_type}
    if property_ is not None:
        column["property"] = property_
    return column


class LedgerConfiguration:
    """`connector.ConfigurationSource` and `connector.ConfigurationTarget` over the ledger table.

    A field's `native` is its column's id, a choice's is `<column id>/<option id>`. Creating the first field makes the table too, if
    `base.table` names none; with it come the columns for our id and for the cross reference, and the table of our mark.
    """

    kinds: frozenset[str] = frozenset({FIELD, CHOICE})

    def __init__(self, ledger: Ledger, mark: Mark, tickets: Tickets | None = None) -> None:
        self._ledger, self._mark, self._tickets = ledger, mark, tickets
        self._prepared = False

    # --------------------------------------------------------------------------------------------------------------- source
    def elements(self, kind: str, resume: str | None) -> Page[Element]:
        """All columns and all fields of a ticket, or all options of all selects."""
        columns = self._ledger.list_columns() if self._ledger.find_table() is not None else ()
        if kind == FIELD:
            return Page(items=[*(_field_element(column) for column in columns), *self._ticket_fields()], resume=None)
        options = [
            Element(
                id=None,
                native=f"{column.id}/{option.id}",
                attributes={"name": option.name, "collection": LEDGER},
            )
            for column in columns
            for option in column.options
        ]
        return Page(items=options if kind == CHOICE else [], resume=None)

    def _ticket_fields(self) -> list[Element]:
        """What a ticket has, none of which this release changes; nothing where the helpdesk cannot be read."""
        try:
            names = self._tickets.field_names() if self._tickets is not None else []
        except (PermissionMissing, Missing):
            return []
        except ConfigurationError as error:
            if isinstance(error, Refused) and error.code != WRONG_HELPDESK:
                raise
            return []
        return [
            Element(id=None, native=name, attributes={"name": name, "collection": TICKET}, locked="fields of a helpdesk ticket")
            for name in names
        ]

    def usage(self, elements: Sequence[Element]) -> Sequence[int | None]:
        """How many rows hold each; None for what the platform cannot count."""
        if self._ledger.find_table() is None:
            return [0 for _ in elements]
        columns = {column.id: column for column in self._ledger.list_columns()}
        return [self._used(element, columns) for element in elements]

    def _used(self, element: Element, columns: Mapping[str, Column]) -> int | None:
        column_id, _, option_id = (element.native or "").partition("/")
        column = columns.get(column_id)
        if column is None:
            return None
        if not option_id:
            empty_can_be_asked = column.type in WRITABLE and column.type != CHECKBOX
            return self._ledger.count([(column.name, "isNotEmpty", None)]) if empty_can_be_asked else None
        option = next((option for option in column.options if option.id == option_id), None)
        if option is None:
            return None
        return self._ledger.count([(column.name, "is" if column.type == SELECT else "contains", option.name)])

    # -------------------------------------------------------------------------------------------------------------- express
    def express(self, wanted: Sequence[Element], live: Sequence[Element]) -> Expression:
        """Fields as columns, choices as options; the rest is lost. What is there under the same name is recognised."""
        elements: list[Element] = []
        losses: list[Loss] = []
        by_name = {(_collection(element), str(element.attributes.get("name"))): element for element in live if _is_column(element)}
        by_native = {element.native: element for element in live}
        expressed: dict[tuple[str, str], Element] = {}
        for element in wanted:
            if element.id is not None and element.id.kind == FIELD:
                self._express_field(element, by_name, by_native, expressed, losses)
        elements += expressed.values()
        for element in wanted:
            if element.id is None or element.id.kind == FIELD:
                continue
            if element.id.kind != CHOICE:
                losses.append(loss_of(element))
                continue
            choice = self._express_choice(element, live, expressed, losses)
            if choice is not None:
                elements.append(choice)
        return Expression(elements, losses)

    @staticmethod
    def _express_field(
        element: Element,
        by_name: Mapping[tuple[str, str], Element],
        by_native: Mapping[str | None, Element],
        expressed: dict[tuple[str, str], Element],
        losses: list[Loss],
    ) -> None:
        assert element.id is not None
        attributes: dict[str, Json]
        type_, collection = str(element.attributes.get("type") or "text"), _collection(element)
        name = _name(element)
        if collection != LEDGER:
            there = by_name.get((collection, name))
            if there is None:
                losses.append(ticket_field(element.id))
            else:
                attributes = {"name": name, "collection": collection}
                expressed[(element.id.path, collection)] = replace(
                    element, native=there.native, attributes=attributes, locked=there.locked
                )
            return
        if type_ == "messages":
            losses.append(message_field(element.id))
            return
        if type_ == "person":
            losses.append(person_as_text(element.id))
        match = (by_native.get(element.native) if element.native else None) or by_name.get((LEDGER, name))
        kind = COARSE.get(type_, "text")
        if match is not None and {kind, str(match.attributes.get("type"))} <= {"text", "link"}:
            kind = str(match.attributes.get("type"))  # either holds the other
        attributes = {"name": name, "type": kind, "collection": LEDGER}
        if match is None and type_ in ("date", "integer", "duration"):
            attributes["format"] = "date" if type_ == "date" else "integer"
        expressed[(element.id.path, collection)] = replace(
            element, native=match.native if match else None, attributes=attributes, locked=match.locked if match else None
        )

    @staticmethod
    def _express_choice(
        element: Element, live: Sequence[Element], expressed: Mapping[tuple[str, str], Element], losses: list[Loss]
    ) -> Element | None:
        assert element.id is not None
        if _collection(element) != LEDGER:
            losses.append(ticket_choice(element.id))
            return None
        path = element.id.path.partition("/choices/")[0]
        field, name = expressed.get((path, LEDGER)), _name(element)
        options = [one for one in live if field and field.native and (one.native or "").startswith(f"{field.native}/")]
        match = next((one for one in options if element.native and one.native == element.native), None)
        match = match or next((one for one in options if one.attributes.get("name") == name), None)
        attributes: dict[str, Json] = {"name": name, "collection": LEDGER}
        if match is None and field is not None:
            attributes["column"] = field.attributes["name"]
        needs = tuple(dict.fromkeys((*element.needs, Id(FIELD, path))))
        return replace(element, native=match.native if match else None, attributes=attributes, needs=needs)

    # ---------------------------------------------------------------------------------------------------------------- apply
    def preflight(self, changes: Sequence[ElementChange]) -> Sequence[Finding]:
        """What else would happen: a table that is made, cells that lose their value."""
        findings: list[Finding] = []
        if not changes:
            return findings
        if self._ledger.find_table() is None:
            text = f"table {self._ledger.table_name} is not there and will be made"
            findings.append(_note("table-made", self._ledger.table_name, text))
        else:
            names = {word for column in self._ledger.list_columns() for word in (column.name, column.id)}
            for name in (self._ledger.correlation, self._ledger.cross_reference):
                if name not in names:
                    findings.append(_note("column-made", name, f"text column {name} is not there and will be made"))
        doomed = [change.before for change in changes if change.verb == "remove" and change.before is not None]
        for element, count in zip(doomed, self.usage(doomed) if doomed else [], strict=True):
            if count is None or count > 0:
                found = str(element.attributes.get("name") or element.native)
                text = f"removing {found} empties it in {'an unknown number of' if count is None else count} rows"
                place = Place(source="base", path=f"{LEDGER}/{element.native}")
                findings.append(
                    Finding(rule="removal-empties", severity=Severity.WARNING, place=place, found=found[:80], message=text)
                )
        return findings

    def apply(self, change: ElementChange, *, key: str) -> Outcome:
        """Carry one change out. Applying it twice leaves what applying it once left.

        Raises:
            PermissionMissing: the app may not change the base's structure; an account with 可管理 may.
            TransientError: come again; the same `key` is no second change.
        """
        element = change.after or change.before
        if element is None or (element.id is None and change.before is None):
            return _no("a change without an element")
        kind = element.id.kind if element.id else FIELD if "/" not in (element.native or "") else CHOICE
        if kind not in self.kinds:
            return _no(f"Feishu cannot hold elements of kind {kind}")
        if change.verb == "retire":  # neither a column nor an option can be put out of use without emptying what records hold
            return Outcome(executed=Executed.YES, ref=Ref(kind, element.native or ""))
        try:
            with self._ledger.writing:
                self._prepare(element)
                outcome = self._field(change, element, key) if kind == FIELD else self._choice(change, element)
        except Rejected as error:
            self._ledger.forget()
            return Outcome(executed=error.executed, error=error)
        except Exception:
            self._ledger.forget()  # the table may be gone
            raise
        self._ledger.forget_columns()
        return outcome

    def artifacts(self, changes: Sequence[ElementChange]) -> Sequence[Artifact]:
        return ()

    # ----------------------------------------------------------------------------------------------------------- the table
    def _prepare(self, element: Element) -> None:
        """The table with our two columns, and the table of our mark: all that the account without rights will need."""
        if self._prepared:
            return
        ledger = self._ledger
        if ledger.find_table() is None:
            system = [definition(name, "text") for name in (ledger.correlation, ledger.cross_reference)]
            first = (
                element.id is not None and element.id.kind == FIELD and COARSE.get(str(element.attributes.get("type"))) == "text"
            )
            columns = [self._definition(element), *system] if first else system
            self._make_table(ledger.table_name, columns)
        names = {word for column in ledger.list_columns() for word in (column.name, column.id)}
        for name in (ledger.correlation, ledger.cross_reference):
            if name not in names:
                self._add_column(definition(name, "text"), f"{ledger.table}/{name}")
        with suppress(Rejected):  # the base is full: `plant_identity` will say that the mark has no place, the rest goes on
            self._mark.prepare()
        self._prepared = True

    def _make_table(self, name: str, columns: Sequence[Mapping[str, Json]]) -> None:
        """The ledger's table; one that an earlier attempt made is taken."""
        try:
            self._ledger.client.create_table(name, columns)
        except Rejected as error:
            if error.code != TABLE_TAKEN:
                raise
        self._ledger.forget()
        if self._ledger.find_table() is None:
            text = f"table {name} was made a moment ago and is not listed yet; come again"
            raise TransientError(text, executed=Executed.NO, code=TABLE_TAKEN)

    def _add_column(self, column: Mapping[str, Json], key: str) -> str:
        """The new column's id; that of the one of this name if an earlier attempt made it."""
        try:
            made = self._ledger.client.create_column(self._ledger.table, column, uuid4_of(key))
        except RequestError as error:
            if error.code not in NAME_TAKEN:
                raise
            made = {}
        if isinstance(made.get("field_id"), str):
            return str(made["field_id"])
        found = next((one for one in self._ledger.list_columns() if one.name == column["field_name"]), None)
        if found is None:
            raise Rejected(f"Feishu made no column {column['field_name']}", executed=Executed.MAYBE, code="no-column")
        return found.id

    # --------------------------------------------------------------------------------------------------------------- fields
    def _field(self, change: ElementChange, element: Element, key: str) -> Outcome:
        columns = self._ledger.list_columns()
        native = (change.before.native if change.before else None) or element.native
        column = next((one for one in columns if one.id == native), None)
        if change.verb == "remove":
            if column is None:
                return Outcome(executed=Executed.YES, ref=Ref(FIELD, native or ""))
            if column.primary:
                raise Rejected(f"{column.name} is the table's first column, which Feishu never deletes; rename it instead")
            self._ledger.client.delete_column(self._ledger.table, column.id)
            return Outcome(executed=Executed.YES, ref=Ref(FIELD, column.id))
        name, type_ = _name(element), str(element.attributes.get("type") or "text")
        column = column or next((one for one in columns if one.name == name), None)
        if column is None:
            if change.verb == "change":
                raise Rejected(f"the column to change ({native}) is gone; plan again")
            return Outcome(executed=Executed.YES, ref=Ref(FIELD, self._add_column(self._definition(element), key)))
        if not _holds(coarse(column), COARSE.get(type_, type_)):
            raise Rejected(
                f"column {column.name} is of type {coarse(column)}, wanted is {type_}; Feishu would convert what stands in it. "
                "Convert it by hand in the base (字段 > 编辑字段), or bind the field to another column"
            )
        if column.name != name:
            self._put(column, name, column.setup)
        return Outcome(executed=Executed.YES, ref=Ref(FIELD, column.id))

    # -------------------------------------------------------------------------------------------------------------- choices
    def _choice(self, change: ElementChange, element: Element) -> Outcome:
        native = (change.before.native if change.before else None) or element.native or ""
        column_id, _, option_id = native.partition("/")
        columns = self._ledger.list_columns()  # now: options are written whole, and a person may just have added one
        column_name = element.attributes.get("column")
        column = next((one for one in columns if one.id == column_id), None) or next(
            (one for one in columns if one.name == column_name), None
        )
        name = _name(element)
        if column is None or column.type not in (SELECT, MULTI_SELECT):
            raise Rejected(f"there is no select column {column_name or column_id} for the option {name}; apply the field first")
        same = next((option for option in column.options if option.name == name), None)
        mine = next((option for option in column.options if option.id == option_id), None)
        if change.verb == "remove":
            if mine is not None:
                self._put_options(column, [_option(option) for option in _options(column) if option.get("id") != mine.id])
            return Outcome(executed=Executed.YES, ref=Ref(CHOICE, native))
        if change.verb == "change" and mine is not None and mine.name != name:
            if same is not None:
                raise Rejected(f"column {column.name} has an option {name} already")
            renamed = [
                {**_option(option), **({"name": name} if option.get("id") == mine.id else {})} for option in _options(column)
            ]
            self._put_options(column, renamed)
            return Outcome(executed=Executed.YES, ref=Ref(CHOICE, f"{column.id}/{mine.id}"))
        if same is None:
            if change.verb == "change":
                raise Rejected(f"the option to change ({native}) is gone; plan again")
            told = self._put_options(column, [*(_option(option) for option in _options(column)), {"name": name}])
            same = next((option for option in told.options if option.name == name and option.id), None) if told else None
            if same is None:  # the answer does not show it: the listing has to
                again = next(one for one in self._ledger.list_columns() if one.id == column.id)
                same = next((option for option in again.options if option.name == name), None)
            if same is None:
                raise Rejected(f"Feishu took the option {name} and does not show it", executed=Executed.MAYBE, code="no-option")
        return Outcome(executed=Executed.YES, ref=Ref(CHOICE, f"{column.id}/{same.id}"))

    @staticmethod
    def _definition(element: Element) -> dict[str, Json]:
        kind = str(element.attributes.get("format") or element.attributes.get("type") or "text")
        column = definition(_name(element), kind)
        if element.id is not None and element.id.path in AUTO_FILLED and column["type"] == DATETIME:
            column["property"] = {"date_formatter": "yyyy/MM/dd HH:mm", "auto_fill": True}
        return column

    def _put_options(self, column: Column, options: Sequence[Mapping[str, Json]]) -> Column | None:
        return self._put(column, column.name, {**(column.setup or {}), "options": list(options)})

    def _put(self, column: Column, name: str, property_: Mapping[str, Json] | None) -> Column | None:
        """Replace the definition: everything that is to stay has to be said again. The column as it is then, if Feishu tells."""
        body: dict[str, Json] = {"field_name": name, "type": column.type}
        if column.ui_type:
            body["ui_type"] = column.ui_type
        if property_ is not None:
            body["property"] = property_
        if column.description:
            body["description"] = {"text": column.description}
        try:
            return column_of(self._ledger.client.put_column(self._ledger.table, column.id, body))
        except Rejected as error:
            if error.code != NOTHING_CHANGED:
                raise
            return None


def _options(column: Column) -> list[Mapping[str, Json]]:
    listed = (column.setup or {}).get("options")
    return [entry for entry in listed if isinstance(entry, Mapping)] if isinstance(listed, Sequence) and listed else []


def _option(option: Mapping[str, Json]) -> dict[str, Json]:
    return {name: option[name] for name in ("id", "name", "color") if name in option}


def _holds(column: str, wanted: str) -> bool:
    return column == wanted or {column, wanted} <= {"text", "link"}


def _field_element(column: Column) -> Element:
    locked = None if column.type in WRITABLE else f"columns of type {column.ui_type or column.type} are not changed by this release"
    return Element(
        id=None,
        native=column.id,
        attributes={"name": column.name, "type": coarse(column), "collection": LEDGER},
        locked=locked,
    )


def _is_column(element: Element) -> bool:
    return element.native is not None and "/" not in element.native


def _collection(element: Element) -> str:
    return str(element.attributes.get("collection") or LEDGER)


def _name(element: Element) -> str:
    """The platform's name: `name`, else a label, else the slug. Feishu trims names."""
    label = element.attributes.get("label")
    words = label if isinstance(label, Mapping) else {}
    slug = element.id.path.rpartition("/")[2] if element.id else element.native
    return str(element.attributes.get("name") or words.get("zh") or words.get("en") or slug or "").strip()


def _no(why: str) -> Outcome:
    return Outcome(executed=Executed.NO, error=Rejected(why, code="unsupported"))


def _note(rule: str, found: str, message: str) -> Finding:
    return Finding(rule=rule, severity=Severity.NOTE, place=Place(source="base", path=LEDGER), found=found[:80], message=message)
