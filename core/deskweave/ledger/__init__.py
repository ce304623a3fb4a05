"""The only writer of events, and the fold that makes a document of them."""

from deskweave.ledger.fold import MESSAGE_LOG, fold
from deskweave.ledger.ledger import Entry, Ledger, Posting, Utterance, mark_dirty
from deskweave.ledger.withdrawal import inquiries_of, withdraw

__all__ = ["MESSAGE_LOG", "Entry", "Ledger", "Posting", "Utterance", "fold", "inquiries_of", "mark_dirty", "withdraw"]
