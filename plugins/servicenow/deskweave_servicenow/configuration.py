"""The columns and choices an instance has, read as far as the account may."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from deskweave.connector import Element, Page
from deskweave.errors import PermissionMissing
from deskweave.model import Json
from deskweave_servicenow.client import Client, Row, instant, is_safe, term, within
from deskweave_servicenow.config import COLLECTIONS
from deskweave_servicenow.layout import PARENTS, Layout

FIELD, CHOICE = "field", "choice"
KINDS: Final = frozenset({FIELD, CHOICE})
_NEUTRAL: Final[Mapping[str, str]] = {
    "boolean": "boolean",
    "decimal": "number",
    "email": "email",
    "float": "number",
    "glide_date": "date",
    "glide_date_time": "datetime",
    "glide_duration": "duration",
    "html": "long_text",
    "integer": "integer",
    "ph_number": "phone",
    "url": "link",
}
DICTIONARY: Final = (
    "sys_id",
    "name",
    "element",
    "column_label",
    "internal_type",
    "reference",
    "max_length",
    "choice",
    "active",
    "sys_updated_on",
    "sys_updated_by",
)
CHOICES: Final = (
    "sys_id",
    "name",
    "element",
    "value",
    "label",
    "sequence",
    "language",
    "inactive",
    "sys_updated_on",
    "sys_updated_by",
)


def said(element: Element, name: str) -> str:
    """An attribute as text; "" where it is absent."""
    value = element.attributes.get(name)
    return "" if value is None else str(value)


class Configuration:
    """`connector.ConfigurationSource`.

    A field's native id is the column's name, the same in every table; a choice's is the sys_id of its row in sys_choice.
    """

    kinds = KINDS

    def __init__(self, client: Client, layout: Layout, listing: Callable[[], None]) -> None:
        self._client, self._layout, self._listing = client, layout, listing

    def elements(self, kind: str, resume: str | None) -> Page[Element]:
        """All of one kind in one page: a table has some hundred columns.

        Raises:
            PermissionMissing: neither the dictionary nor a record nor the form's metadata shows this account any column.
        """
        self._listing()  # what was known of before is not what is there now
        if kind == FIELD:
            items = [element for table in COLLECTIONS for element in self._fields(table)]
        elif kind == CHOICE:
            items = [element for table in COLLECTIONS for element in self._choices(table)]
        else:
            items = []
        return Page(items=items, resume=None, expected=len(items))

    def _fields(self, table: str) -> Sequence[Element]:
        try:
            rows = list(self._client.every("sys_dictionary", within("name", names_of(table)), DICTIONARY))
        except PermissionMissing:
            rows = []
        found: dict[str, Row] = {}
        for row in sorted(rows, key=lambda one: one.get("name") != table):  # the table's own row before an inherited one
            if row.get("element") and row.get("name") in names_of(table):
                found.setdefault(str(row["element"]), row)
        if found:
            return [self._field(table, row) for _, row in sorted(found.items())]
        columns = self._layout.columns(table)
        if columns is None:
            message = (
                f"{table}: this account may not read sys_dictionary, the table is empty and the instance serves no form "
                "metadata, so its columns cannot be told. Give the account a read right on sys_dictionary, or make one record first"
            )
            raise PermissionMissing(message)
        reason = "this account may read the column and not its definition"
        return [
            Element(
                id=None,
                native=name,
                attributes={"collection": table, "name": name},  # its label cannot be read: absent, or plan takes it for changed
                locked=reason if name.startswith("u_") else "a column ServiceNow ships",
            )
            for name in sorted(columns)
        ]

    def _field(self, table: str, row: Row) -> Element:
        name = str(row["element"])
        label = str(row.get("column_label") or name)
        return Element(
            id=None,
            native=name,
            attributes={
                "label": {"en": label},
                "type": _neutral(row),
                "collection": table,
                "name": name,
                **({"retired": True} if row.get("active") == "false" else {}),
            },
            changed_at=instant(row.get("sys_updated_on")),
            changed_by=str(row["sys_updated_by"]) if row.get("sys_updated_by") else None,
            locked=None if name.startswith("u_") else "a column ServiceNow ships",
        )

    def _choices(self, table: str) -> Sequence[Element]:
        names = names_of(table)
        try:
            rows = list(self._client.every("sys_choice", within("name", names), CHOICES))
        except PermissionMissing:
            return self._choices_of_form(table)
        rows = [row for row in rows if row.get("name") in names]
        if not any("value" in row for row in rows):
            return self._choices_of_form(table)
        own = {str(row.get("element")) for row in rows if row.get("name") == table}
        rows = [row for row in rows if row.get("name") == table or str(row.get("element")) not in own]
        labels: dict[tuple[str, str], dict[str, str]] = {}
        for row in rows:
            spoken = labels.setdefault((str(row.get("element")), str(row.get("value"))), {})
            spoken[str(row.get("language") or "en")] = str(row.get("label"))
        return [
            Element(
                id=None,
                native=str(row["sys_id"]),
                attributes={
                    "label": dict(labels[str(row.get("element")), str(row.get("value"))]),
                    "name": str(row.get("value")),
                    "order": _whole(row.get("sequence")),
                    "collection": table,
                    "field": str(row.get("element")),
                },
                changed_at=instant(row.get("sys_updated_on")),
                changed_by=str(row["sys_updated_by"]) if row.get("sys_updated_by") else None,
                locked=None if str(row.get("element", "")).startswith("u_") else "a choice of a column ServiceNow ships",
            )
            for row in rows
            if (row.get("language") or "en") == "en" and row.get("inactive") != "true"
        ]

    def _choices_of_form(self, table: str) -> Sequence[Element]:
        """Without the right to sys_choice: what the form offers, where the instance tells."""
        found = []
        for name, column in sorted((self._client.columns(table) or {}).items()):
            choices = column.get("choices")
            for order, choice in enumerate(choices if isinstance(choices, (list, tuple)) else ()):
                if isinstance(choice, Mapping):
                    value = str(choice.get("value"))
                    found.append(
                        Element(
                            id=None,
                            native=f"{name}={value}",
                            attributes={
                                "label": {"en": str(choice.get("label"))},
                                "name": value,
                                "order": order,
                                "collection": table,
                                "field": name,
                            },
                            locked="this account may read the choice and not its definition",
                        )
                    )
        return found

    def usage(self, elements: Sequence[Element]) -> Sequence[int | None]:
        """Records that hold a value in the column, or this choice; None where it cannot be asked."""
        return [self._used(element) for element in elements]

    def _used(self, element: Element) -> int | None:
        table = said(element, "collection")
        field = said(element, "field")
        column = field or element.native or said(element, "name")
        known = self._layout.columns(table) if table in COLLECTIONS else None
        if known is None or column not in known:
            return None  # a term on a column that is not there would count the whole table
        value = said(element, "name")
        if field and not is_safe(value):
            return None
        query = term(column, "=", value) if field else term(column, "ISNOTEMPTY")
        try:
            return self._client.count(table, query)
        except PermissionMissing:
            return None


def names_of(table: str) -> list[str]:
    """A table and those it inherits columns and choices from."""
    return [table, *([PARENTS[table]] if table in PARENTS else [])]


def _neutral(row: Row) -> str:
    kind = str(row.get("internal_type") or "string")
    if str(row.get("choice") or "0") not in ("", "0"):
        return "choice"
    if row.get("reference"):
        return "person" if row["reference"] == "sys_user" else "text"
    if kind == "string":
        return "long_text" if (_whole(row.get("max_length")) or 0) > 255 else "text"
    return _NEUTRAL.get(kind, "text")


def _whole(raw: Json) -> int | None:
    try:
        return int(str(raw))
    except ValueError:
        return None
