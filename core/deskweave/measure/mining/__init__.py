"""The paths inquiries take, for process mining: what follows what, variants, loops, event tables, OCEL 2.0 (E12)."""

from deskweave.measure.mining.flow import Edge, Flow, Loop, Variant, flow
from deskweave.measure.mining.ocel import ocel
from deskweave.measure.mining.tables import event_columns, event_rows, fact_columns, fact_rows, write_parquet
from deskweave.measure.mining.traces import Codes, Trace, Turn, traces

__all__ = [
    "Codes",
    "Edge",
    "Flow",
    "Loop",
    "Trace",
    "Turn",
    "Variant",
    "event_columns",
    "event_rows",
    "fact_columns",
    "fact_rows",
    "flow",
    "ocel",
    "traces",
    "write_parquet",
]
