"""Making and changing columns and choices with an admin account, and saying what is a person's work instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from deskweave.connector import Artifact, Element, ElementChange, Expression, Loss, Outcome, Ref
from deskweave.errors import Executed, Missing, PermissionMissing, Rejected
from deskweave.findings import Finding, Place, Severity
from deskweave.model import Json
from deskweave_servicenow.client import Client, Row
from deskweave_servicenow.config import COLLECTIONS
from deskweave_servicenow.configuration import CHOICE, FIELD, KINDS, said
from deskweave_servicenow.layout import CORRELATION_COLUMN, COUNTERPARTS_COLUMN, PARENTS, Layout
from deskweave_servicenow.loss import HELD_KINDS, loss_of
from deskweave_servicenow.rows import Rows

ADMIN_NEEDED: Final = (
    "making or changing columns and choices needs the role admin (ACL on sys_dictionary and sys_choice); "
    "apply with an admin account, or have an administrator do it by hand"
)
_COLUMN: Final = re.compile(r"u_[a-z0-9_]{1,76}")
#: Neutral type -> the platform's, its length, and whether values come from a list (1: with an empty one).
TYPES: Final[Mapping[str, tuple[str, int, str]]] = {
    "text": ("string", 255, "0"),
    "long_text": ("string", 4000, "0"),
    "email": ("email", 100, "0"),
    "phone": ("ph_number", 40, "0"),
    "number": ("decimal", 40, "0"),
    "integer": ("integer", 40, "0"),
    "boolean": ("string", 40, "1"),  # a boolean column is never empty: what nobody answered would read as no
    "choice": ("string", 100, "1"),
    "catalog_item": ("string", 100, "1"),
    "choices": ("string", 1000, "0"),
    "date": ("glide_date", 40, "0"),
    "datetime": ("glide_date_time", 40, "0"),
    "duration": ("glide_duration", 40, "0"),
    "person": ("string", 151, "0"),
    "link": ("url", 1024, "0"),
    "status": ("string", 40, "1"),
}
_MADE: Final = ("sys_id", "name", "element", "value", "language", "label", "inactive", "active")


def _texts(label: Json) -> Mapping[str, str]:
    return {str(name): str(words) for name, words in label.items()} if isinstance(label, Mapping) else {}


class Target:
    """`connector.ConfigurationTarget`."""

    kinds = KINDS

    def __init__(self, client: Client, layout: Layout, rows: Rows, connection: str, changed: Callable[[], None]) -> None:
        self._client, self._layout, self._rows, self._connection, self._changed = client, layout, rows, connection, changed
        self._completed: set[str] = set()

    # ------------------------------------------------------------------------------------------------------------ planning
    def express(self, wanted: Sequence[Element], live: Sequence[Element]) -> Expression:
        """Pure: columns and choices are held as they are; everything else is said to be a person's work, with the way there."""
        held: list[Element] = []
        losses: list[Loss] = []
        for element in wanted:
            if element.id is None:
                continue
            if element.id.kind not in HELD_KINDS:
                losses.append(loss_of(element))
                continue
            loss = _unfit(element)
            if loss is not None:
                losses.append(loss)
                if loss.degree != "narrowed":
                    continue
            held.append(element)
        return Expression(held, losses)

    def preflight(self, changes: Sequence[ElementChange]) -> Sequence[Finding]:
        """What to know before `apply`: new columns are changes of the database."""
        tables: dict[str, int] = {}
        for change in changes:
            after = change.after
            if change.verb == "create" and after is not None and after.id is not None and after.id.kind == FIELD:
                table = said(after, "collection")
                tables[table] = tables.get(table, 0) + 1
        findings = []
        for table, number in sorted(tables.items()):
            beside = [name for name, _ in _companions(table) if name not in (self._layout.columns(table) or ())]
            more = f", and beside them {', '.join(beside)} for our mark and the counterparts' numbers" if beside else ""
            findings.append(
                Finding(
                    rule="servicenow-new-columns",
                    severity=Severity.NOTE,
                    place=Place(source=f"connection:{self._connection}", path=table),
                    found=str(number),
                    message=f"{number} columns are added to {table}{more}. Each alters the table, which is slow while it is large",
                    remedy="apply outside business hours on a large instance",
                )
            )
        return findings

    def artifacts(self, changes: Sequence[ElementChange]) -> Sequence[Artifact]:
        """None: this release ships no update sets."""
        return ()

    # ------------------------------------------------------------------------------------------------------------ applying
    def apply(self, change: ElementChange, *, key: str) -> Outcome:
        """Carry out one change. Creates look first, so that repeating one makes nothing twice.

        Raises:
            PermissionMissing: the account is no admin.
            RequestError: the instance refused or did not answer.
        """
        element = change.after or change.before
        if element is None or (change.after or element).id is None:
            message = "a change needs the element it is about"
            raise Rejected(message, code="apply")
        kind = element.id.kind if element.id is not None else ""
        if kind not in KINDS:
            message = f"{kind} cannot be made here by this connector; see the by-hand steps of the plan"
            raise Rejected(message, code="apply")
        try:
            outcome = self._apply_field(change, element) if kind == FIELD else self._apply_choice(change, element)
        except Exception as error:
            self._rows.forget()  # what became of it is read again
            if isinstance(error, Rejected) and error.code == "acl":
                raise PermissionMissing(ADMIN_NEEDED) from error
            raise
        if outcome.error is not None or (kind == FIELD and change.verb != "create"):
            self._rows.forget()
        if kind == FIELD:
            self._layout.forget()
            self._changed()
        return outcome

    def _apply_field(self, change: ElementChange, element: Element) -> Outcome:
        table, name = self._place_of(element)
        ref = Ref(FIELD, name)
        row = self._rows.column(table, name)
        if change.verb == "create":
            self._complete(table)
            if row is None:
                self._add_column(table, name, said(element, "type") or "text", _label(element, name))
            elif row.get("active") == "false":
                self._rows.put_column(
                    table, name, self._client.update("sys_dictionary", str(row["sys_id"]), {"active": "true"}, _MADE)
                )
            if said(element, "type") == "boolean":
                self._offer_yes_and_no(table, name)
            return Outcome(executed=Executed.YES, ref=ref)
        if row is None:
            return Outcome(executed=Executed.NO, ref=ref, error=_gone(f"{table}.{name}"))
        sys_id = str(row["sys_id"])
        if change.verb == "change":
            body: dict[str, Json] = {"column_label": _label(element, name), "active": "true"}
            self._client.update("sys_dictionary", sys_id, body, ("sys_id",))
        elif change.verb == "retire":
            self._client.update("sys_dictionary", sys_id, {"active": "false"}, ("sys_id",))
        else:
            self._client.delete("sys_dictionary", sys_id)
        return Outcome(executed=Executed.YES, ref=ref)

    def _add_column(self, table: str, name: str, type_: str, label: str) -> None:
        internal, length, choice = TYPES.get(type_, TYPES["text"])
        body: dict[str, Json] = {
            "name": table,
            "element": name,
            "column_label": label[:80],
            "internal_type": internal,
            "max_length": str(length),
            "choice": choice,
            "active": "true",
        }
        row = self._client.create("sys_dictionary", body, _MADE)
        if (row.get("name"), row.get("element")) != (table, name):
            message = f"the instance took the column {table}.{name} and does not have it; its system log says why"
            raise Rejected(message, executed=Executed.MAYBE, code="dictionary")
        self._rows.put_column(table, name, row)

    def _offer_yes_and_no(self, table: str, name: str) -> None:
        rows = self._rows.choices(table, name)
        for order, (value, english, chinese) in enumerate((("true", "Yes", "是"), ("false", "No", "否")), 1):
            for language, label in (("en", english), ("zh", chinese)):
                if (value, language) not in rows:
                    body: dict[str, Json] = {
                        "name": table,
                        "element": name,
                        "value": value,
                        "label": label,
                        "language": language,
                        "inactive": "false",
                        "sequence": str(order),
                    }
                    self._write_choice(None, body)

    def _complete(self, table: str) -> None:
        """The columns a table needs for our own sake come with the first column made on it."""
        if table in self._completed:
            return
        columns = self._layout.columns(table) or frozenset()
        for name, (type_, label) in _companions(table):
            if name not in columns and self._rows.column(table, name) is None:
                self._add_column(table, name, type_, label)
        self._completed.add(table)

    def _apply_choice(self, change: ElementChange, element: Element) -> Outcome:
        table, column, value = said(element, "collection"), said(element, "field"), said(element, "name")
        if table not in COLLECTIONS or not column or not value:
            message = "a choice needs collection, field and name"
            raise Rejected(message, code="apply")
        labels = _texts(element.attributes.get("label"))
        rows = self._rows.choices(table, column)
        if change.verb == "create":
            row = rows.get((value, "en"))
            if row is None:
                row = self._write_choice(None, self._choice_body(element, labels, "en"))
            elif row.get("inactive") == "true":
                self._rows.put_choice(
                    table, column, self._client.update("sys_choice", str(row["sys_id"]), {"inactive": "false"}, _MADE)
                )
            self._translate(element, labels, rows.get((value, "zh")))
            return Outcome(executed=Executed.YES, ref=Ref(CHOICE, str(row["sys_id"])))
        native = (change.before.native if change.before is not None else None) or element.native
        if not native:
            message = "a choice that exists is named by its sys_id"
            raise Rejected(message, code="apply")
        ref = Ref(CHOICE, native)
        try:
            if change.verb == "change":
                self._write_choice(native, self._choice_body(element, labels, "en"))
                self._translate(element, labels, rows.get((value, "zh")))
            elif change.verb == "retire":
                self._rows.put_choice(table, column, self._client.update("sys_choice", native, {"inactive": "true"}, _MADE))
            else:
                other = rows.get((value, "zh"))
                for sys_id in (native, *([str(other["sys_id"])] if other is not None else [])):
                    self._client.delete("sys_choice", sys_id)
                    self._rows.drop_choice(table, column, sys_id)
        except Missing as error:
            return Outcome(executed=Executed.NO, ref=ref, error=error)
        return Outcome(executed=Executed.YES, ref=ref)

    def _choice_body(self, element: Element, labels: Mapping[str, str], language: str) -> dict[str, Json]:
        value = said(element, "name")
        body: dict[str, Json] = {
            "name": said(element, "collection"),
            "element": said(element, "field"),
            "value": value,
            "label": labels.get(language) or labels.get("en") or value,
            "language": language,
            "inactive": "false",
        }
        order = element.attributes.get("order")
        if isinstance(order, int):
            body["sequence"] = str(order)
        return body

    def _translate(self, element: Element, labels: Mapping[str, str], row: Row | None) -> None:
        """The Chinese label is a row of its own; it shows where the language is installed."""
        if not labels.get("zh"):
            return
        body = self._choice_body(element, labels, "zh")
        if row is None:
            self._write_choice(None, body)
        elif row.get("label") != labels["zh"]:
            self._write_choice(str(row["sys_id"]), body)

    def _write_choice(self, sys_id: str | None, body: Mapping[str, Json]) -> Row:
        """Make a row of a choice, or change that of `sys_id`; as the instance holds it then."""
        row = (
            self._client.create("sys_choice", body, _MADE)
            if sys_id is None
            else self._client.update("sys_choice", sys_id, body, _MADE)
        )
        self._rows.put_choice(str(body["name"]), str(body["element"]), row)
        return row

    def _place_of(self, element: Element) -> tuple[str, str]:
        table, name = said(element, "collection"), said(element, "name") or (element.native or "")
        if table not in COLLECTIONS:
            message = f"{table!r} is no table of this connector; it has {' and '.join(COLLECTIONS)}"
            raise Rejected(message, code="apply")
        if not _COLUMN.fullmatch(name):
            message = f"{name!r} is not a column that can be made: small letters, digits and underscores after u_, 78 in all"
            raise Rejected(message, code="apply")
        return table, name


def _companions(table: str) -> Sequence[tuple[str, tuple[str, str]]]:
    """Columns of our own: where counterparts stand, and our mark on a table that ships without one."""
    wanted = [(COUNTERPARTS_COLUMN, ("long_text", "Counterparts"))]
    if table not in PARENTS:
        wanted.append((CORRELATION_COLUMN, ("text", "Correlation ID")))
    return wanted


def _label(element: Element, name: str) -> str:
    labels = _texts(element.attributes.get("label"))
    return labels.get("en") or next(iter(labels.values()), name)


def _unfit(element: Element) -> Loss | None:
    """What of a field or choice does not fit; None where all does."""
    assert element.id is not None
    name = said(element, "name")
    if element.id.kind == FIELD:
        if said(element, "type") == "messages":
            return Loss(
                element=element.id,
                degree="impossible",
                what="the exchange of messages is no column; it stands in comments and work notes",
                steps={"en": "Bind `messages:` in place of the field.", "zh": "请在绑定中使用 messages，而不是字段。"},
                where=None,
                verify=False,
            )
        if not name.startswith("u_"):
            return None  # shipped: found by its name, never made
        if not _COLUMN.fullmatch(name):
            return Loss(
                element=element.id,
                degree="impossible",
                what=f"a column cannot be called {name!r}",
                steps={
                    "en": "Use small letters, digits and underscores after u_ in `at:`.",
                    "zh": "at: 请使用 u_ 开头的小写字母、数字和下划线。",
                },
                where=None,
                verify=False,
            )
        if said(element, "type") == "choices":
            return Loss(
                element=element.id,
                degree="narrowed",
                what="several choices are kept as one text, separated by commas: the form offers no list to pick from",
                steps={"en": "Nothing needs doing.", "zh": "无需处理。"},
                where=None,
                verify=False,
            )
    elif len(name) > 100 or "," in name:
        return Loss(
            element=element.id,
            degree="impossible",
            what="the value of a choice holds at most 100 characters and no comma",
            steps={"en": "Give the choice a shorter text in the binding.", "zh": "请在绑定中为该选项指定较短的文字。"},
            where=None,
            verify=False,
        )
    return None


def _gone(what: str) -> Rejected:
    return Rejected(f"{what} is not there any more", code="gone")
