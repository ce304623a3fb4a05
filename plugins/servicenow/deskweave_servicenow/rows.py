"""Rows of the dictionary and of the choice list as they were listed last, so that an apply does not ask for each again."""

from __future__ import annotations

from collections.abc import Mapping

from deskweave_servicenow.client import Client, Row, term, within
from deskweave_servicenow.configuration import CHOICES, DICTIONARY, names_of


class Rows:
    """Read once per table, with our own writes added. Forgotten with every new listing and every error."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._columns: dict[str, dict[str, Row]] = {}
        self._choices: dict[str, dict[str, dict[tuple[str, str], Row]]] = {}

    def forget(self) -> None:
        self._columns.clear()
        self._choices.clear()

    def column(self, table: str, name: str) -> Row | None:
        """The dictionary's row of a column, own or inherited; None where there is none."""
        if table not in self._columns:
            names = names_of(table)
            found: dict[str, Row] = {}
            for row in self._client.every("sys_dictionary", within("name", names), DICTIONARY):
                if row.get("element") and row.get("name") in names:
                    found.setdefault(str(row["element"]), row)
            self._columns[table] = found
        return self._columns[table].get(name)

    def choices(self, table: str, column: str) -> Mapping[tuple[str, str], Row]:
        """The rows of a column's choices by value and language. Compared here: a query could not hold every text."""
        if table not in self._choices:
            found: dict[str, dict[tuple[str, str], Row]] = {}
            for row in self._client.every("sys_choice", term("name", "=", table), CHOICES):
                if row.get("name") == table:
                    found.setdefault(str(row.get("element")), {})[_key(row)] = row
            self._choices[table] = found
        return self._choices[table].get(column, {})

    def put_column(self, table: str, name: str, row: Row) -> None:
        if table in self._columns:
            self._columns[table][name] = row

    def put_choice(self, table: str, column: str, row: Row) -> None:
        """A choice's row as it is after our own write, whatever its value was before."""
        if table in self._choices:
            self.drop_choice(table, column, str(row.get("sys_id")))
            self._choices[table].setdefault(column, {})[_key(row)] = row

    def drop_choice(self, table: str, column: str, sys_id: str) -> None:
        known = self._choices.get(table, {}).get(column, {})
        for key in [key for key, row in known.items() if row.get("sys_id") == sys_id]:
            del known[key]


def _key(row: Row) -> tuple[str, str]:
    return str(row.get("value")), str(row.get("language") or "en")
