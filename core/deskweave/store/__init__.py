"""Tables, migrations, queries: durable state one can read."""

from deskweave.store.database import Install, Store, StoreTooNew
from deskweave.store.lookup import (
    ConflictRow,
    ConnectionStatus,
    InquiryRow,
    LinkRow,
    MessageRow,
    Nearest,
    StoreStatus,
    explain,
    find_inquiry,
    inquiries_called,
    inquiry_messages,
    list_conflicts,
    store_status,
    unknown_values,
)
from deskweave.store.parked import list_parked, release

__all__ = [
    "ConflictRow",
    "ConnectionStatus",
    "InquiryRow",
    "Install",
    "LinkRow",
    "MessageRow",
    "Nearest",
    "Store",
    "StoreStatus",
    "StoreTooNew",
    "explain",
    "find_inquiry",
    "inquiries_called",
    "inquiry_messages",
    "list_conflicts",
    "list_parked",
    "release",
    "store_status",
    "unknown_values",
]
