"""What a connector must and may do (practice M1, M3).

The host finds a `Connector` through `deskweave_connectors`, checks the connection's settings against `settings_schema`, and calls
`connect` once per connection and process. What a connection can do is a facet: an attribute holding an object, or None. The
engine asks for facets and capabilities, never for a vendor's name.

For every method that talks to the platform:
* One call does one page or one batch, returns or raises `deskweave.errors`; it never sleeps and never repeats a write.
* It may repeat a read, or a write the platform surely did not carry out, only inside `Kit.http` and within the lease.
* A whole-call failure raises; a failure of one item of a batch is that item's `Outcome`.
* Times are aware UTC instants the platform stated. A connector never makes one up, and None means "the platform does not say".
* A key that is absent was not readable. It is not the same as empty, and it is never written.
"""

from typing import Final

from deskweave.connector.capabilities import (
    Capabilities,
    CollectionCapabilities,
    InstanceIdentity,
    Plant,
    RateClass,
)
from deskweave.connector.configuration import (
    Artifact,
    ConfigurationSource,
    ConfigurationTarget,
    Element,
    ElementChange,
    ElementId,
    Expression,
    Loss,
    MetricResult,
    Scoreboard,
)
from deskweave.connector.connection import (
    Budget,
    Connection,
    Connector,
    Kit,
    Vault,
)
from deskweave.connector.emulator import (
    FAULT_WORDS,
    Emulator,
    Faults,
    Hands,
    PostingEmulator,
    Posts,
    RunningEmulator,
)
from deskweave.connector.facets import (
    Attachments,
    Messages,
    Outreach,
    People,
    PersonKey,
    PersonMatch,
    Prompt,
    RecordSink,
    RecordSource,
    RemoteGroup,
    RemotePerson,
)
from deskweave.connector.mapper import (
    Change,
    Mapper,
    PersonMapper,
    View,
)
from deskweave.connector.records import (
    Absent,
    Draft,
    Outcome,
    Page,
    Patch,
    Ref,
    RemoteChange,
    RemoteFile,
    RemoteMessage,
    RemoteRecord,
    Stub,
)
from deskweave.connector.webhooks import (
    Answer,
    Delivery,
    Hint,
    RawReply,
    RawRequest,
    Subscription,
    WebhookReceiver,
)

__all__ = [
    "API_VERSION",
    "FAULT_WORDS",
    "Absent",
    "Answer",
    "Artifact",
    "Attachments",
    "Budget",
    "Capabilities",
    "Change",
    "CollectionCapabilities",
    "ConfigurationSource",
    "ConfigurationTarget",
    "Connection",
    "Connector",
    "Delivery",
    "Draft",
    "Element",
    "ElementChange",
    "ElementId",
    "Emulator",
    "Expression",
    "Faults",
    "Hands",
    "Hint",
    "InstanceIdentity",
    "Kit",
    "Loss",
    "Mapper",
    "Messages",
    "MetricResult",
    "Outcome",
    "Outreach",
    "Page",
    "Patch",
    "People",
    "PersonKey",
    "PersonMapper",
    "PersonMatch",
    "Plant",
    "PostingEmulator",
    "Posts",
    "Prompt",
    "RateClass",
    "RawReply",
    "RawRequest",
    "RecordSink",
    "RecordSource",
    "Ref",
    "RemoteChange",
    "RemoteFile",
    "RemoteGroup",
    "RemoteMessage",
    "RemotePerson",
    "RemoteRecord",
    "RunningEmulator",
    "Scoreboard",
    "Stub",
    "Subscription",
    "Vault",
    "View",
    "WebhookReceiver",
]

#: Raised when a connector written for the old one would misbehave; docs/en/reference/compatibility.md
API_VERSION: Final = 1
