"""What an emulated tenant holds: people, apps, one base with its tables, one helpdesk with its tickets."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

Role = Literal["manage", "edit", "read", "none"]
_LETTERS: Final = string.ascii_letters + string.digits


class Ids:
    """Ids in Feishu's shapes, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def made(self, prefix: str, length: int = 10) -> str:
        return prefix + "".join(self.dice.choices(_LETTERS, k=length))

    def hexadecimal(self, prefix: str, length: int) -> str:
        return prefix + "".join(self.dice.choices("0123456789abcdef", k=length))

    def long(self) -> str:
        """A 19-digit decimal, as the helpdesk numbers things: beyond what a float can hold."""
        return str(self.dice.randrange(6 * 10**18, 7 * 10**18))


@dataclass(slots=True)
class Person:
    open_id: str
    name: str
    email: str
    department: str = ""
    city: str = ""
    country: str = ""
    number: int = 0  #: the 19-digit user id that comments carry
    mobile: str = ""
    employee_no: str = ""
    resigned: bool = False

    def brief(self) -> dict[str, Any]:
        """As bitable shows a user."""
        return {"id": self.open_id, "name": self.name, "en_name": self.name, "email": self.email, "avatar_url": ""}

    def full(self) -> dict[str, Any]:
        """As the helpdesk shows a user; what is empty is left out."""
        shown = {
            "id": self.open_id,
            "name": self.name,
            "email": self.email,
            "avatar_url": "https://s1-imfile.feishucdn.example/avatar.png",
            "department": self.department,
            "city": self.city,
            "country": self.country,
        }
        return {key: value for key, value in shown.items() if value}


@dataclass(slots=True)
class App:
    app_id: str
    secret: str
    role: Role
    scopes: set[str]
    person: Person  #: as whom the base shows the app's edits
    tokens: dict[str, datetime] = field(default_factory=dict)  #: token -> when it dies
    contact_range: set[str] | None = None  #: open_ids of the members it is shown; None: everybody


@dataclass(slots=True)
class Column:
    field_id: str
    name: str
    type: int
    ui_type: str
    setup: dict[str, Any] | None = None  #: what Feishu calls property
    description: str = ""
    primary: bool = False

    @property
    def options(self) -> list[dict[str, Any]]:
        return list((self.setup or {}).get("options") or [])

    def option(self, *, id_: str | None = None, name: str | None = None) -> dict[str, Any] | None:
        return next((one for one in self.options if one["id"] == id_ or one["name"] == name), None)

    def shown(self) -> dict[str, Any]:
        """As `GET fields` shows it."""
        return {
            "field_id": self.field_id,
            "field_name": self.name,
            "type": self.type,
            "ui_type": self.ui_type,
            "property": self.setup,
            "is_primary": self.primary,
            "is_hidden": False,
            **({"description": self.description} if self.description else {}),
        }


@dataclass(slots=True)
class Row:
    record_id: str
    order: int
    cells: dict[str, Any]  #: by column id, as stored: options by id, people by open_id
    created_by: Person
    created_time: int
    modified_by: Person
    modified_time: int


@dataclass(slots=True)
class Table:
    table_id: str
    name: str
    columns: list[Column] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)  #: of every row that ever was: a page token outlives its row
    revision: int = 1
    serial: int = 0  #: of the auto-number column

    def named(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def find(self, native: str) -> Column | None:
        return next((column for column in self.columns if column.field_id == native), None) or self.named(native)


@dataclass(slots=True)
class Base:
    app_token: str
    name: str
    tables: dict[str, Table] = field(default_factory=dict)
    revision: int = 1
    is_advanced: bool = False
    time_zone: str = "Asia/Shanghai"
    hidden_columns: set[str] = field(default_factory=set)  #: column ids that the role "edit" does not see
    hidden_rows: set[str] = field(default_factory=set)
    submitted: dict[str, tuple[str, Any]] = field(default_factory=dict)  #: client_token -> digest of the request, answer

    def table_named(self, name: str) -> Table | None:
        return next((table for table in self.tables.values() if table.name == name), None)


@dataclass(slots=True)
class Said:
    message_id: str
    by: Person | None  #: None: the bot
    text: str
    at: int
    kind: str = "text"
    content: Any = None  #: instead of the text's


@dataclass(slots=True)
class Comment:
    id: int
    by: Person
    text: str
    at: int


@dataclass(slots=True)
class Ticket:
    ticket_id: str
    chat_id: str
    guest: Person
    created_at: int
    ticket_type: int = 2
    status: int = 1
    score: int = 0
    solve: int = 0
    channel: int = 0
    updated_at: int = -1
    closed_at: int = 0
    closed_by: Person | None = None
    agents: list[Person] = field(default_factory=list)
    owner: Person | None = None
    entry: int = 0
    first_response: int = 0
    last_response: int = 0
    held: int = 0  #: milliseconds on hold
    hold_since: int = 0
    custom: dict[str, str] = field(default_factory=dict)  #: by key_name
    tags: list[str] = field(default_factory=list)
    reasons: list[dict[str, str]] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


@dataclass(slots=True)
class Helpdesk:
    helpdesk_id: str
    token: str
    fields: list[dict[str, Any]] = field(default_factory=list)
    tickets: dict[str, Ticket] = field(default_factory=dict)
