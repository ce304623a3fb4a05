"""One method for each operation of Feishu's API that the connector uses. Paths, shapes and quotas; no meaning."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from deskweave.connector import Kit, RateClass, Ref
from deskweave.errors import Executed, Missing, RateLimited, TransientError
from deskweave.http import Answer, Transport
from deskweave.model import Json
from deskweave_feishu.auth import TenantToken, helpdesk_header
from deskweave_feishu.config import Settings
from deskweave_feishu.errors import LIMITED, NOT_REPLICATED, RECORD_NOT_FOUND, TOKEN_REFUSED, Classifier, Refused

SECOND: Final = timedelta(seconds=1)
#: As published; "special" helpdesk quotas are not, so that class is ours, and so is the one of contacts.
RATES: Final = (
    RateClass("bitable.read", 20, SECOND),
    RateClass("bitable.write", 50, SECOND),
    RateClass("bitable.schema", 10, SECOND),
    RateClass("helpdesk.list", 1000, timedelta(minutes=1)),
    RateClass("helpdesk.ticket", 10, SECOND),
    RateClass("helpdesk.special", 300, timedelta(minutes=1)),
    RateClass("contact", 1000, timedelta(minutes=1)),
)
RECORD_PAGE: Final = 500
GET_BATCH: Final = 100
WRITE_BATCH: Final = 500
SCHEMA_PAGE: Final = 100
TICKET_PAGE: Final = 200
USER_BATCH: Final = 50
REPLICA_LAG: Final = timedelta(seconds=10)
NO_TABLE: Final = NOT_REPLICATED - {RECORD_NOT_FOUND}


def uuid4_of(text: str) -> str:
    """`text` if it is a version 4 UUID, else one made from it: the same text always gives the same key."""
    try:
        given = uuid.UUID(text)
    except ValueError:
        given = None
    if given is not None and given.version == 4:
        return str(given)
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))


def mapping(value: Json) -> Mapping[str, Json]:
    """`value` if it is an object, else an empty one: a malformed part of an answer is read as nothing."""
    return value if isinstance(value, Mapping) else {}


def objects(value: Json) -> list[Mapping[str, Json]]:
    """The objects of a list; [] for null, which Feishu sends for an empty list."""
    return (
        [item for item in value if isinstance(item, Mapping)] if isinstance(value, Sequence) and not isinstance(value, str) else []
    )


class Client:
    """Feishu over one connection. Raises our errors; answers with `data` as it came."""

    def __init__(self, kit: Kit, settings: Settings) -> None:
        self._kit, self.settings = kit, settings
        self._token = TenantToken(kit, settings)
        self._transport = Transport(kit, settings.address, classify=Classifier(kit.now), auth=self._token)

    # ---------------------------------------------------------------------------------------------------------------- base
    def base(self) -> Mapping[str, Json]:
        return mapping(self._call("GET", self._base(), reads=True, rate="bitable.read").get("app"))

    def may(self, action: str) -> bool:
        """Whether the base's sharing lets the app do `action` ("view", "edit")."""
        path = f"/open-apis/drive/v1/permissions/{self._app()}/members/auth"
        data = self._call("GET", path, reads=True, rate="bitable.read", params={"type": "bitable", "action": action})
        return data.get("auth_result") is True

    def tables(self, page_token: str | None = None) -> Mapping[str, Json]:
        return self._call("GET", self._base("tables"), reads=True, rate="bitable.read", params=_page(SCHEMA_PAGE, page_token))

    def create_table(self, name: str, columns: Sequence[Mapping[str, Json]]) -> str:
        """The new table's id. The first column is its primary one for ever."""
        body: Json = {"table": {"name": name, "fields": list(columns)}}
        data = self._call("POST", self._base("tables"), reads=False, rate="bitable.schema", body=body)
        return str(data.get("table_id") or "")

    def columns(self, table: str, page_token: str | None = None) -> Mapping[str, Json]:
        path = self._base("tables", table, "fields")
        return self._call("GET", path, reads=True, rate="bitable.read", params=_page(SCHEMA_PAGE, page_token), lag=NOT_REPLICATED)

    def create_column(self, table: str, column: Mapping[str, Json], token: str) -> Mapping[str, Json]:
        data = self._call(
            "POST",
            self._base("tables", table, "fields"),
            reads=False,
            rate="bitable.schema",
            params={"client_token": token},
            body=column,
            lag=NOT_REPLICATED,
        )
        return mapping(data.get("field"))

    def put_column(self, table: str, column_id: str, column: Mapping[str, Json]) -> Mapping[str, Json]:
        """Replace a column's definition whole: what is left out is gone, an option without its id is a new one."""
        data = self._call("PUT", self._base("tables", table, "fields", column_id), reads=False, rate="bitable.schema", body=column)
        return mapping(data.get("field"))

    def delete_column(self, table: str, column_id: str) -> None:
        self._call("DELETE", self._base("tables", table, "fields", column_id), reads=False, rate="bitable.schema")

    # -------------------------------------------------------------------------------------------------------------- records
    def search(
        self,
        table: str,
        *,
        names: Sequence[str] | None = None,
        conditions: Sequence[tuple[str, str, str | None]] = (),
        page_size: int = RECORD_PAGE,
        page_token: str | None = None,
    ) -> Mapping[str, Json]:
        """One page of rows. A name of a column that is not visible is an error here, and silence everywhere else."""
        body: dict[str, Json] = {"automatic_fields": True}
        if names is not None:
            body["field_names"] = list(names)
        if conditions:
            stated = [
                {"field_name": name, "operator": operator, "value": [] if value is None else [value]}
                for name, operator, value in conditions
            ]
            body["filter"] = {"conjunction": "and", "conditions": stated}
        path = self._base("tables", table, "records", "search")
        params = {"user_id_type": "open_id", **_page(page_size, page_token)}
        return self._call("POST", path, reads=True, rate="bitable.read", params=params, body=body, lag=NOT_REPLICATED)

    def batch_get(self, table: str, record_ids: Sequence[str]) -> Mapping[str, Json]:
        path = self._base("tables", table, "records", "batch_get")
        body: Json = {"record_ids": list(record_ids), "user_id_type": "open_id", "automatic_fields": True}
        return self._call("POST", path, reads=True, rate="bitable.read", body=body, lag=NOT_REPLICATED)

    def create_record(self, table: str, fields: Mapping[str, Json], token: str) -> Mapping[str, Json]:
        path, params = self._base("tables", table, "records"), {"client_token": token}
        body: Json = {"fields": dict(fields)}
        data = self._call("POST", path, reads=False, rate="bitable.write", params=params, body=body, lag=NOT_REPLICATED)
        return mapping(data.get("record"))

    def batch_create(self, table: str, rows: Sequence[Mapping[str, Json]], token: str) -> list[Mapping[str, Json]]:
        path, params = self._base("tables", table, "records", "batch_create"), {"client_token": token}
        body: Json = {"records": [{"fields": dict(row)} for row in rows]}
        data = self._call("POST", path, reads=False, rate="bitable.write", params=params, body=body, lag=NOT_REPLICATED)
        return objects(data.get("records"))

    def batch_update(self, table: str, rows: Sequence[tuple[str, Mapping[str, Json]]]) -> None:
        """Merge the given cells into the rows, all or none. Repeating it changes nothing more."""
        body: Json = {"records": [{"record_id": record_id, "fields": dict(fields)} for record_id, fields in rows]}
        self._call(
            "POST",
            self._base("tables", table, "records", "batch_update"),
            reads=False,
            rate="bitable.write",
            body=body,
            lag=NO_TABLE,
        )

    def batch_delete(self, table: str, record_ids: Sequence[str]) -> None:
        body: Json = {"records": list(record_ids)}
        self._call(
            "POST",
            self._base("tables", table, "records", "batch_delete"),
            reads=False,
            rate="bitable.write",
            body=body,
            lag=NO_TABLE,
        )

    # ------------------------------------------------------------------------------------------------------------- helpdesk
    def tickets(self, *, by: str, start: int, end: int, page: int, page_size: int = TICKET_PAGE) -> Mapping[str, Json]:
        """Tickets whose `by` ("update" or "create") time lies in [start, end], both in milliseconds; no order is promised."""
        params = {f"{by}_time_start": start, f"{by}_time_end": end, "page": page, "page_size": page_size}
        return self._call("GET", "/open-apis/helpdesk/v1/tickets", reads=True, rate="helpdesk.list", params=params, helpdesk=True)

    def ticket(self, ticket_id: str) -> Mapping[str, Json]:
        path, ref = f"/open-apis/helpdesk/v1/tickets/{quote(ticket_id, safe='')}", Ref("ticket", ticket_id)
        return mapping(self._call("GET", path, reads=True, rate="helpdesk.ticket", helpdesk=True, ref=ref).get("ticket"))

    def ticket_messages(self, ticket_id: str, page: int, page_size: int = TICKET_PAGE) -> Mapping[str, Json]:
        """One page of a ticket's messages. The time filter is not used: whether it takes seconds is not settled."""
        path, ref = f"/open-apis/helpdesk/v1/tickets/{quote(ticket_id, safe='')}/messages", Ref("ticket", ticket_id)
        params = {"page": page, "page_size": page_size}
        return self._call("GET", path, reads=True, rate="helpdesk.special", params=params, helpdesk=True, ref=ref)

    def helpdesk_fields(self) -> Mapping[str, Json]:
        path = "/open-apis/helpdesk/v1/customized_fields"
        return self._call("GET", path, reads=True, rate="helpdesk.special", params={"visible_only": "true"}, helpdesk=True)

    # -------------------------------------------------------------------------------------------------------------- contact
    def users(self, open_ids: Sequence[str]) -> list[Mapping[str, Json]]:
        """Those of at most 50 members that are in the app's contact range, with the fields it has scopes for."""
        params = {"user_ids": list(open_ids), "user_id_type": "open_id"}
        return objects(self._contact("GET", "users/batch", params).get("items"))

    def user_ids(self, emails: Sequence[str], mobiles: Sequence[str]) -> list[Mapping[str, Json]]:
        """One entry for each of at most 50 addresses and 50 numbers; that of a stranger has no user_id."""
        body: Json = {**({"emails": list(emails)} if emails else {}), **({"mobiles": list(mobiles)} if mobiles else {})}
        return objects(self._contact("POST", "users/batch_get_id", {"user_id_type": "open_id"}, body).get("user_list"))

    def contact_range(self) -> Mapping[str, Json]:
        """The first of the members, departments and groups the app is shown."""
        params = {"user_id_type": "open_id", "department_id_type": "open_department_id", "page_size": USER_BATCH}
        return self._contact("GET", "scopes", params)

    def members(self, department: str) -> list[Mapping[str, Json]]:
        """The first members of a department itself."""
        params = {"department_id": department, "department_id_type": "open_department_id", "user_id_type": "open_id"}
        params["page_size"] = str(USER_BATCH)
        return objects(self._contact("GET", "users/find_by_department", params).get("items"))

    def _contact(self, method: str, path: str, params: Mapping[str, Any], body: Json = None) -> Mapping[str, Json]:
        return self._call(method, f"/open-apis/contact/v3/{path}", reads=True, rate="contact", params=params, body=body)

    # ----------------------------------------------------------------------------------------------------------------- wire
    def _app(self) -> str:
        return quote(self.settings.base.app_token if self.settings.base else "", safe="")

    def _base(self, *parts: str) -> str:
        return "/".join(["/open-apis/bitable/v1/apps", self._app(), *(quote(part, safe="") for part in parts)])

    def _call(
        self,
        method: str,
        path: str,
        *,
        reads: bool,
        rate: str,
        params: Mapping[str, Any] | None = None,
        body: Json = None,
        helpdesk: bool = False,
        ref: Ref | None = None,
        lag: frozenset[str] = frozenset(),
    ) -> Mapping[str, Json]:
        """Send; once more with a fresh token if the old one was refused. `lag`: codes that only say a replica is behind."""

        def send() -> Answer:
            headers = helpdesk_header(self.settings.helpdesk) if helpdesk and self.settings.helpdesk else None
            return self._transport.send(
                method, path, reads=reads, rate_class=rate, params=params, body=body, headers=headers, ref=ref
            )

        try:
            try:
                answer = send()
            except Refused as error:
                if error.code not in TOKEN_REFUSED:
                    raise
                self._token.forget()  # refused at the gate, so nothing was carried out and a write may be replayed too
                answer = send()
        except RateLimited as error:
            if error.code in LIMITED or error.code.startswith("HTTP"):
                error.rate_class = rate
                self._kit.budget.learn(rate, 0, error.retry_at)
            raise
        except Missing as error:
            if error.code in lag:
                raise TransientError(
                    str(error),
                    executed=Executed.NO,
                    retry_at=self._kit.now() + REPLICA_LAG,
                    code=error.code,
                    request_id=error.request_id,
                    connection=error.connection,
                    record=error.record,
                ) from None
            raise
        return mapping(mapping(answer.parsed).get("data"))


def _page(size: int, token: str | None) -> dict[str, Any]:
    return {"page_size": size, **({"page_token": token} if token else {})}
