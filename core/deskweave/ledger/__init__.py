"""The only writer of events and of records, and the fold that makes a document of events."""

from deskweave.ledger.fold import MESSAGE_LOG, RECORD_LOG, fold
from deskweave.ledger.joining import refile
from deskweave.ledger.ledger import Entry, Ledger, Posting, Utterance, mark_dirty
from deskweave.ledger.records import Collected, collect, remove_records
from deskweave.ledger.withdrawal import inquiries_of, withdraw

__all__ = [
    "MESSAGE_LOG",
    "RECORD_LOG",
    "Collected",
    "Entry",
    "Ledger",
    "Posting",
    "Utterance",
    "collect",
    "fold",
    "inquiries_of",
    "mark_dirty",
    "refile",
    "remove_records",
    "withdraw",
]
