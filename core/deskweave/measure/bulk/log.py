"""A log in the form that rows are made from in bulk: two relations in one DuckDB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkLog:
    """Everything known of many inquiries.

    Attributes:
        connection: where the relations are; the caller's.
        events: SQL of a relation of changes: `n` (number of the inquiry, from 0 without gaps), `seq`, `field`, `old`, `new` (words
            of today's practice), `"at"` (TIMESTAMP, UTC), `ord`, `person` (whether a person made it). Only of the fields in
            `Shape.historic`: the status, and those whose whole history counts.
        values: SQL of a relation with one row per inquiry: `n`, `inquiry`, and the columns of its fields as they are now, as far
            as it has them (`Columns`, without what is derived); what is missing is empty.
        count: inquiries.
        chained: whether `old` is the status before in the order of (at, ord, seq), and `seq` has that order within an inquiry. A
            log written as things happened is; else the order is established here, which takes several times as long.
        doubtful: SQL of a relation of `n` that only the builder can judge; empty: none.
    """

    connection: duckdb.DuckDBPyConnection
    events: str
    values: str
    count: int
    chained: bool = False
    doubtful: str = ""
