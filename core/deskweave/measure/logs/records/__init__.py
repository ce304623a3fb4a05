"""Logs of contacts and answers to surveys (A7, A14, D2): a file and a mapping in, records and problems out.

Pure, as its parent is. `grain_of` says what the rows of a file are; `guess_records` proposes a mapping, `write_record_mapping` and
`read_record_mapping` are its file; `read_records` makes records of rows; `record_gaps` says which figures they cannot give.
"""

from deskweave.measure.logs.records.gaps import record_gaps
from deskweave.measure.logs.records.guess import RecordGuess, grain_of, guess_records
from deskweave.measure.logs.records.mapping import Filling, RecordMapping, read_record_mapping
from deskweave.measure.logs.records.reading import Read, read_records
from deskweave.measure.logs.records.written import write_record_mapping

__all__ = [
    "Filling",
    "Read",
    "RecordGuess",
    "RecordMapping",
    "grain_of",
    "guess_records",
    "read_record_mapping",
    "read_records",
    "record_gaps",
    "write_record_mapping",
]
