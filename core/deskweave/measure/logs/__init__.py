"""Logs and exports of other tools as histories of inquiries (A7, A11, E): a file and a mapping in, events and problems out.

Pure: nothing here knows a store or a folder. `read_table` reads XES, CSV and .xlsx; `guess` proposes a mapping with what speaks for
it; `write_mapping` and `read_mapping` are its file; `histories` makes steps of rows; `gaps` says which figures they cannot give.
"""

from deskweave.measure.logs.gaps import Gap, gaps
from deskweave.measure.logs.guess import Guess, guess
from deskweave.measure.logs.history import Histories, History, Step, Trouble, histories
from deskweave.measure.logs.mapping import FieldColumn, LogMapping, read_mapping
from deskweave.measure.logs.table import LogRow, LogTable, read_table
from deskweave.measure.logs.written import write_mapping

__all__ = [
    "FieldColumn",
    "Gap",
    "Guess",
    "Histories",
    "History",
    "LogMapping",
    "LogRow",
    "LogTable",
    "Step",
    "Trouble",
    "gaps",
    "guess",
    "histories",
    "read_mapping",
    "read_table",
    "write_mapping",
]
