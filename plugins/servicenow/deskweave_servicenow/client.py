"""One method per endpoint. Queries are put together here, from checked names and values, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

from deskweave.connector import Kit, Ref
from deskweave.errors import CredentialError, Executed, Rejected, SafetyStop, TransientError
from deskweave.http import Answer, Transport
from deskweave.model import Json
from deskweave_servicenow.auth import sign_in
from deskweave_servicenow.config import Settings
from deskweave_servicenow.errors import QUOTA, classify_answers

Row: TypeAlias = Mapping[str, Json]

URL_LIMIT: Final = 7_900  #: bytes; the platform answers 414 over 8,192, and the host name counts too
SMALLEST_PAGE: Final = 25
STAMP: Final = "%Y-%m-%d %H:%M:%S"
_STAMP: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_PLAIN: Final = re.compile(r"[^\x00-\x1f^]*")


@dataclass(frozen=True, slots=True)
class Listing:
    """One page as it came. Empty objects (every field denied) are already left out and counted."""

    rows: Sequence[Row]
    total: int | None  #: matching rows before row ACLs, where it was asked for
    at: datetime | None  #: the server's own time
    blank: int = 0


def stamp(instant: datetime) -> str:
    """An instant as the platform's raw values and queries have it: UTC, whole seconds."""
    return instant.astimezone(UTC).strftime(STAMP)


def instant(text: Json) -> datetime | None:
    """A raw datetime; None for what is none."""
    if not isinstance(text, str) or not _STAMP.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(f"{text}+00:00")
    except ValueError:
        return None


def is_safe(value: str) -> bool:
    """Whether a value can stand in an encoded query: there is no escape for the caret, and a value may be run as script."""
    return bool(_PLAIN.fullmatch(value)) and not value.lstrip().lower().startswith("javascript:")


def term(field: str, operator: str, value: str = "") -> str:
    """One condition of an encoded query.

    Raises:
        Rejected: the field's name or the value could mean something else than itself in a query.
    """
    if not _NAME.fullmatch(field):
        message = f"{field[:40]!r} is not the name of a column; allowed are small letters, digits, underscore and dots"
        raise Rejected(message, code="query")
    if not is_safe(value):
        message = f"a value for {field} cannot stand in a query: a caret, a control character or a script at its beginning"
        raise Rejected(message, code="query")
    return f"{field}{operator}{value}"


def within(field: str, values: Sequence[str]) -> str:
    """`field IN values`; a comma would split a value."""
    if any("," in value for value in values):
        message = f"a value for {field} holds a comma and cannot stand in a list"
        raise Rejected(message, code="query")
    return term(field, "IN", ",".join(values))


def after(base: str, column: str, since: str, last: tuple[str, str] | None) -> str:
    """The keyset query: rows behind (`column`, sys_id) `last`, else from `since` on; in the order of both.

    Both halves repeat `base`: nothing is inherited over ^NQ.
    """
    order = f"ORDERBY{column}^ORDERBYsys_id" if column != "sys_id" else "ORDERBYsys_id"
    head = f"{base}^" if base else ""
    if last is None:
        first = f"{term(column, '>=', since)}^" if since else ""
        return f"{head}{first}{order}"
    at, sys_id = last
    if column == "sys_id":
        return f"{head}{term('sys_id', '>', sys_id)}^{order}"
    return f"{head}{term(column, '>', at)}^NQ{head}{term(column, '=', at)}^{term('sys_id', '>', sys_id)}^{order}"


class Client:
    """The endpoints this connector uses. v2 of the Table API: an empty listing is a listing there."""

    def __init__(self, settings: Settings, kit: Kit) -> None:
        self._settings, self._kit = settings, kit
        self._sign = sign_in(settings, kit)
        self._transport = Transport(kit, settings.address, classify=classify_answers(kit.now))
        self.address = settings.address
        self.page_size = settings.page_size

    # ------------------------------------------------------------------------------------------------------------- reading
    def page(
        self,
        table: str,
        query: str,
        fields: Sequence[str],
        *,
        limit: int | None = None,
        offset: int = 0,
        count: bool = False,
        pair: tuple[str, str] | None = None,
        links: bool = False,
    ) -> Listing:
        """One page of a listing; its size is halved where the instance could not finish it in time.

        Args:
            table: its name.
            query: an encoded query made of `term`, `within` and `after`.
            fields: the columns asked for; empty: all.
            limit: rows at most; default the connection's page size.
            offset: rows to pass over; only where no key can.
            count: ask for the number of matching rows, which costs the instance a COUNT.
            pair: `field=value` in place of a query, for values a query cannot hold.
            links: keep the links of references.
        """
        size = min(limit or self.page_size, self.page_size)
        while True:
            params = {"sysparm_limit": str(size), "sysparm_display_value": "false"}
            if pair is not None:
                params[pair[0]] = pair[1]
            else:
                params["sysparm_query"] = query
            if not links:
                params["sysparm_exclude_reference_link"] = "true"
            if fields:
                params["sysparm_fields"] = ",".join(fields)
            if offset:
                params["sysparm_offset"] = str(offset)
            if not count:
                params["sysparm_no_count"] = "true"
            try:
                answer = self._send("GET", table_path(table), params=params)
            except TransientError as error:
                if error.code != QUOTA or size <= SMALLEST_PAGE:
                    raise
                size = max(size // 2, SMALLEST_PAGE)
                self.page_size = min(self.page_size, size) if limit is None else self.page_size
                continue
            return _listing(answer)

    def every(self, table: str, query: str, fields: Sequence[str], *, column: str = "sys_id") -> Iterator[Row]:
        """All rows of a small listing, by keyset, until an empty page."""
        last: tuple[str, str] | None = None
        while True:
            listing = self.page(table, after(query, column, "", last), fields)
            yield from listing.rows
            keys = [(str(row.get(column, "")), str(row.get("sys_id", ""))) for row in listing.rows]
            if not keys or (last is not None and keys[-1] <= last):
                return
            last = keys[-1]

    def of_ids(self, table: str, column: str, ids: Sequence[str], fields: Sequence[str], base: str = "") -> Iterator[Row]:
        """Rows whose `column` is one of `ids`, in as many requests as the length of an address asks for."""
        for part in self.portions(ids, len(",".join(fields)) + len(base)):
            query = f"{base}^{within(column, part)}" if base else within(column, part)
            yield from self.page(table, query, fields, limit=max(len(part), 1)).rows

    def portions(self, ids: Sequence[str], beside: int) -> Iterator[Sequence[str]]:
        """`ids` cut so that each part fits into an address together with `beside` more bytes; 200 at most."""
        room = URL_LIMIT - len(self.address) - 3 * beside // 2 - 400
        size = max(1, min(200, room // 33))
        for start in range(0, len(ids), size):
            yield ids[start : start + size]

    def own_host(self) -> str | None:
        """The host name the instance uses for itself, from the links of a listing; None where it gives none."""
        params = {"sysparm_limit": "1", "sysparm_fields": "sys_id", "sysparm_query": "ORDERBYsys_id"}
        answer = self._send("GET", table_path("sys_user"), params=params)
        found = re.match(r"<(https?://[^>]+)>", answer.header("link"))
        return urlsplit(found[1]).netloc.lower() if found else None

    def count(self, table: str, query: str) -> int | None:
        """How many rows match, by the instance's own count."""
        return self.page(table, query, ("sys_id",), limit=1, count=True).total

    def columns(self, table: str) -> Mapping[str, Mapping[str, Json]] | None:
        """Columns by the form's metadata, which not every instance serves; None where it does not."""
        from deskweave.errors import RemoteError

        try:
            answer = self._send("GET", f"/api/now/ui/meta/{quote(table)}", params={})
        except RemoteError:
            return None
        result = answer.parsed.get("result") if isinstance(answer.parsed, Mapping) else None
        columns = result.get("columns") if isinstance(result, Mapping) else None
        if not isinstance(columns, Mapping):
            return None
        return {str(name): column if isinstance(column, Mapping) else {} for name, column in columns.items()}

    # ------------------------------------------------------------------------------------------------------------- writing
    def create(self, table: str, body: Row, fields: Sequence[str]) -> Row:
        """POST one row and return it as the instance holds it now."""
        return self._write("POST", table_path(table), body, fields, None)

    def update(self, table: str, sys_id: str, body: Row, fields: Sequence[str]) -> Row:
        """PATCH one row and return it as the instance holds it now."""
        return self._write("PATCH", f"{table_path(table)}/{quote(sys_id, safe='')}", body, fields, Ref(table, sys_id))

    def delete(self, table: str, sys_id: str) -> None:
        """DELETE one row of configuration; records of people are never deleted."""
        self._send("DELETE", f"{table_path(table)}/{quote(sys_id, safe='')}", params={}, writes=True, ref=Ref(table, sys_id))

    def _write(self, method: str, path: str, body: Row, fields: Sequence[str], ref: Ref | None) -> Row:
        params = {"sysparm_display_value": "false", "sysparm_exclude_reference_link": "true"}
        if fields:
            params["sysparm_fields"] = ",".join(fields)
        answer = self._send(method, path, params=params, body=body, writes=True, ref=ref)
        result = answer.parsed.get("result") if isinstance(answer.parsed, Mapping) else None
        if not isinstance(result, Mapping) or not isinstance(result.get("sys_id"), str):
            message = f"{method} {path}: success, but the answer does not say of which record"
            raise TransientError(message, executed=Executed.MAYBE, code="no-result")
        return result

    # -------------------------------------------------------------------------------------------------------------- sending
    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str],
        body: Json = None,
        writes: bool = False,
        ref: Ref | None = None,
    ) -> Answer:
        if writes and self._settings.access != "write":
            message = f"{self._kit.connection} may only be read; `access: write` in deskweave.yaml changes that"
            raise SafetyStop(message)
        # commas, equals signs and colons stay as they are: quoted they would use up the length an address may have
        target = path + ("?" + urlencode(params, quote_via=quote, safe=",=:") if params else "")
        for attempt in (1, 2):
            header = self._sign.current()
            try:
                return self._transport.send(method, target, reads=not writes, rate_class="table", body=body, ref=ref, auth=header)
            except CredentialError:
                # a refused token was surely not acted on; it is renewed once, a second refusal is about the account
                if attempt == 2 or not self._sign.renewable:
                    raise
                self._sign.forget(header)
        raise AssertionError("unreachable")


def table_path(table: str) -> str:
    """Below the address."""
    return f"/api/now/v2/table/{quote(table, safe='')}"


def _listing(answer: Answer) -> Listing:
    result = answer.parsed.get("result") if isinstance(answer.parsed, Mapping) else None
    items: Iterable[Json] = result if isinstance(result, (list, tuple)) else ()
    rows = [row for row in items if isinstance(row, Mapping)]
    told = [row for row in rows if row]
    total = answer.header("x-total-count")
    try:
        at: datetime | None = parsedate_to_datetime(answer.header("date")).astimezone(UTC)
    except (ValueError, TypeError):
        at = None
    return Listing(told, int(total) if total.isdecimal() else None, at, len(rows) - len(told))
