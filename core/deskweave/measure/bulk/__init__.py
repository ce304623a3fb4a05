"""Fact rows of millions of inquiries at once: what the clocks of a practice say, asked of DuckDB in place of Python.

`shape_of` says whether a practice can be asked so, `facts_in_bulk` makes the rows. Whatever SQL could not answer exactly as
`FactBuilder.row` does, it names and leaves out: those inquiries are for the builder. Equality is tested column by column.
"""

from deskweave.measure.bulk.build import Bulk, Rows, facts_in_bulk, ready, table_in_bulk
from deskweave.measure.bulk.log import BulkLog
from deskweave.measure.bulk.promised import Inexpressible
from deskweave.measure.bulk.shape import Shape, shape_of
from deskweave.measure.bulk.transfer import Transfer

__all__ = ["Bulk", "BulkLog", "Inexpressible", "Rows", "Shape", "Transfer", "facts_in_bulk", "ready", "shape_of", "table_in_bulk"]
