"""How every remote call goes out and comes back: one session per connection, one table of errors per connector, no sleeping."""

from deskweave.http.budget import MemoryBudget
from deskweave.http.kit import ConnectionKit
from deskweave.http.redaction import Redactor
from deskweave.http.session import Observation, open_session
from deskweave.http.transport import Answer, Classify, Transport, retry_after

__all__ = [
    "Answer",
    "Classify",
    "ConnectionKit",
    "MemoryBudget",
    "Observation",
    "Redactor",
    "Transport",
    "open_session",
    "retry_after",
]
