"""The only writer of events, and the fold that makes a document of them."""

from deskweave.ledger.fold import MESSAGE_LOG, fold
from deskweave.ledger.ledger import Entry, Ledger, Posting, Utterance, mark_dirty

__all__ = ["MESSAGE_LOG", "Entry", "Ledger", "Posting", "Utterance", "fold", "mark_dirty"]
