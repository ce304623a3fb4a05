"""The tables and columns an instance ships with: what sys_dictionary and sys_choice say on the first day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `owner` is the table whose sys_dictionary row defines it: `task` for what incident inherits."""

    name: str
    label: str
    type: str = "string"
    reference: str = ""
    max_length: int = 255
    default: str = ""
    owner: str = ""
    choice: bool = False  #: only values of sys_choice are stored
    writable: bool = True


def _columns(owner: str, text: str) -> dict[str, Column]:
    """Read `name|label|type|extra` lines; type `ref:<table>` is a reference, `choice` a string with choices."""
    found: dict[str, Column] = {}
    for line in text.strip().splitlines():
        name, label, type_, *extra = (part.strip() for part in line.split("|"))
        options = dict(part.split("=", 1) for part in (extra[0].split(",") if extra and extra[0] else []))
        reference = type_.removeprefix("ref:") if type_.startswith("ref:") else ""
        found[name] = Column(
            name=name,
            label=label,
            type="reference" if reference else "string" if type_ == "choice" else type_,
            reference=reference,
            max_length=int(options.get("max", 32 if reference else 40 if type_ == "choice" else 255)),
            default=options.get("default", ""),
            owner=owner,
            choice=type_ == "choice",
            writable=options.get("writable", "yes") == "yes",
        )
    return found


_SYSTEM: Final = """
sys_id|Sys ID|GUID|max=32,writable=no
sys_created_on|Created|glide_date_time|writable=no
sys_created_by|Created by|string|max=40,writable=no
sys_updated_on|Updated|glide_date_time|writable=no
sys_updated_by|Updated by|string|max=40,writable=no
sys_mod_count|Updates|integer|writable=no
"""

_TASK: Final = """
active|Active|boolean|default=true
activity_due|Activity due|due_date
additional_assignee_list|Additional assignee list|glide_list
approval|Approval|string|default=not requested
approval_history|Approval history|journal
approval_set|Approval set|glide_date_time
assigned_to|Assigned to|ref:sys_user
assignment_group|Assignment group|ref:sys_user_group
business_duration|Business duration|glide_duration
business_service|Service|ref:cmdb_ci_service
calendar_duration|Duration|glide_duration
closed_at|Closed|glide_date_time
closed_by|Closed by|ref:sys_user
close_notes|Close notes|string|max=4000
cmdb_ci|Configuration item|ref:cmdb_ci
comments|Additional comments|journal_input|max=4000
comments_and_work_notes|Comments and Work notes|journal_list
company|Company|ref:core_company
contact_type|Contact type|choice
correlation_display|Correlation display|string|max=100
correlation_id|Correlation ID|string|max=100
delivery_plan|Delivery plan|ref:sc_cat_item_delivery_plan
delivery_task|Delivery task|ref:sc_cat_item_delivery_task
description|Description|string|max=4000
due_date|Due date|due_date
escalation|Escalation|choice|default=0
expected_start|Expected start|glide_date_time
follow_up|Follow up|glide_date_time
group_list|Group list|glide_list
impact|Impact|choice|default=3
knowledge|Knowledge|boolean|default=false
location|Location|ref:cmn_location
made_sla|Made SLA|boolean|default=true
number|Number|string|max=40,writable=no
opened_at|Opened|glide_date_time
opened_by|Opened by|ref:sys_user
order|Order|integer
parent|Parent|ref:task
priority|Priority|choice|default=5
reassignment_count|Reassignment count|integer|default=0,writable=no
rejection_goto|Rejection goto|ref:task
service_offering|Service offering|ref:service_offering
short_description|Short description|string|max=160
sla_due|SLA due|due_date
state|State|choice|default=1
sys_class_name|Task type|sys_class_name|writable=no
sys_domain|Domain|domain_id|writable=no
sys_domain_path|Domain Path|domain_path|default=/,writable=no
sys_tags|Tags|related_tags|writable=no
time_worked|Time worked|timer
upon_approval|Upon approval|choice|default=proceed
upon_reject|Upon reject|choice|default=cancel
urgency|Urgency|choice|default=3
user_input|User input|user_input
watch_list|Watch list|glide_list|max=4000
wf_activity|Workflow activity|ref:wf_activity
work_end|Actual end|glide_date_time
work_notes|Work notes|journal_input|max=4000
work_notes_list|Work notes list|glide_list|max=4000
work_start|Actual start|glide_date_time
"""

_INCIDENT: Final = """
business_stc|Business resolve time|integer|writable=no
calendar_stc|Resolve time|integer|writable=no
caller_id|Caller|ref:sys_user
category|Category|choice|default=inquiry
caused_by|Caused by Change|ref:change_request
child_incidents|Child Incidents|integer|default=0
close_code|Resolution code|choice
hold_reason|On hold reason|choice
incident_state|Incident state|choice|default=1
notify|Notify|choice|default=1
parent_incident|Parent Incident|ref:incident
problem_id|Problem|ref:problem
reopen_count|Reopen count|integer|default=0,writable=no
reopened_by|Last reopened by|ref:sys_user|writable=no
reopened_time|Last reopened at|glide_date_time|writable=no
resolved_at|Resolved|glide_date_time
resolved_by|Resolved by|ref:sys_user
rfc|Change Request|ref:change_request
severity|Severity|choice|default=3
subcategory|Subcategory|string|max=40
"""

_INTERACTION: Final = """
active|Active|boolean|default=true
account|Account|ref:customer_account
agent_chat|Agent chat|boolean|default=false
assigned_to|Assigned to|ref:sys_user
assignment_group|Assignment group|ref:sys_user_group
caller_phone_number|Caller phone number|string|max=40
channel|Channel|ref:sys_cs_channel
channel_metadata_document|Channel metadata document|document_id
channel_metadata_table|Channel metadata table|table_name
closed_at|Closed|glide_date_time
closed_by|Closed by|ref:sys_user
contact|Contact|ref:customer_contact
context_document|Context document|document_id
context_table|Context table|table_name
direction|Direction|choice|default=inbound
duration|Duration|glide_duration|writable=no
number|Number|string|max=40,writable=no
opened_at|Opened|glide_date_time
opened_by|Opened by|ref:sys_user
opened_for|Opened for|ref:sys_user
parent|Parent|ref:task
queue|Queue|ref:awa_queue
short_description|Short description|string|max=160
state|State|choice|default=new
state_reason|State reason|string|max=40
sys_domain|Domain|domain_id|writable=no
sys_domain_path|Domain Path|domain_path|default=/,writable=no
transcript|Transcript|string|max=65000
type|Type|choice
universal_request|Universal request|ref:universal_request
virtual_agent|Virtual agent|boolean|default=false
work_notes|Work notes|journal_input|max=4000
"""

_OTHERS: Final[Mapping[str, tuple[str, str]]] = {
    "sys_user": (
        "User",
        """
active|Active|boolean|default=true
company|Company|ref:core_company
department|Department|ref:cmn_department
email|Email|string|max=100
employee_number|Employee number|string|max=40
first_name|First name|string|max=50
last_name|Last name|string|max=50
location|Location|ref:cmn_location
manager|Manager|ref:sys_user
mobile_phone|Mobile phone|ph_number|max=40
name|Name|string|max=151
phone|Business phone|ph_number|max=40
preferred_language|Language|string|max=3
date_format|Date format|string|max=40
time_zone|Time zone|string|max=40
title|Title|string|max=60
user_name|User ID|string|max=40
vip|VIP|boolean|default=false
web_service_access_only|Web service access only|boolean|default=false
""",
    ),
    "sys_user_group": ("Group", "active|Active|boolean|default=true\nname|Name|string|max=80\nmanager|Manager|ref:sys_user"),
    "sys_user_grmember": ("Group Member", "user|User|ref:sys_user\ngroup|Group|ref:sys_user_group"),
    "sys_choice": (
        "Choice",
        """
dependent_value|Dependent value|string
element|Element|string|max=80
hint|Hint|string
inactive|Inactive|boolean|default=false
label|Label|string|max=255
language|Language|string|max=3,default=en
name|Table|string|max=80
sequence|Sequence|integer
value|Value|string|max=100
""",
    ),
    "sys_dictionary": (
        "Dictionary Entry",
        """
active|Active|boolean|default=true
choice|Choice|integer|default=0
column_label|Column label|string|max=80
element|Column name|string|max=80
internal_type|Type|string|max=40,default=string
mandatory|Mandatory|boolean|default=false
max_length|Max length|integer|default=40
name|Table|string|max=80
reference|Reference|string|max=80
""",
    ),
    "sys_properties": (
        "System Property",
        """
description|Description|string|max=4000
name|Name|string|max=100
read_roles|Read roles|string
type|Type|string|max=40,default=string
value|Value|string|max=4000
write_roles|Write roles|string
""",
    ),
    "sys_db_object": ("Tables", "label|Label|string\nname|Name|string|max=80\nsuper_class|Extends table|ref:sys_db_object"),
    "sys_journal_field": (
        "Journal Entry",
        """
element|Element|string|max=80
element_id|Element ID|string|max=32
name|Name|string|max=80
value|Value|string|max=65000
""",
    ),
    "sys_audit": (
        "Audit",
        """
documentkey|Document key|string|max=32
fieldname|Field name|string|max=80
newvalue|New value|string|max=65000
oldvalue|Old value|string|max=65000
reason|Reason|string
record_checkpoint|Update count|integer
tablename|Table name|string|max=80
user|User|string|max=40
""",
    ),
    "sys_audit_delete": (
        "Deleted record",
        "display_value|Display value|string\ndocumentkey|Sys ID|string|max=32\ntablename|Table|string|max=80",
    ),
    "metric_definition": (
        "Metric Definition",
        "active|Active|boolean|default=true\nfield|Field|string\nname|Name|string\ntable|Table|string\ntype|Type|string",
    ),
    "metric_instance": (
        "Metric Instance",
        """
business_duration|Business duration|glide_duration
calculation_complete|Calculation complete|boolean|default=false
definition|Definition|ref:metric_definition
duration|Duration|glide_duration
end|End|glide_date_time
field|Field|string|max=80
field_value|Field value|string|max=255
id|ID|string|max=32
start|Start|glide_date_time
table|Table|string|max=80
value|Value|string|max=255
""",
    ),
}

SYSTEM: Final = _columns("", _SYSTEM)
INCIDENT: Final = {**SYSTEM, **_columns("task", _TASK), **_columns("incident", _INCIDENT)}
INTERACTION: Final = {**SYSTEM, **_columns("interaction", _INTERACTION)}
OTHERS: Final = {name: (label, {**SYSTEM, **_columns(name, text)}) for name, (label, text) in _OTHERS.items()}
JOURNALS: Final = ("journal", "journal_input", "journal_list")

#: (table, element) -> value -> label, in order. What a table inherits stands under `task`.
CHOICES: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("incident", "state"): {"1": "New", "2": "In Progress", "3": "On Hold", "6": "Resolved", "7": "Closed", "8": "Canceled"},
    ("incident", "incident_state"): {
        "1": "New",
        "2": "In Progress",
        "3": "On Hold",
        "6": "Resolved",
        "7": "Closed",
        "8": "Canceled",
    },
    ("incident", "hold_reason"): {"1": "Awaiting Caller", "3": "Awaiting Problem", "4": "Awaiting Vendor", "5": "Awaiting Change"},
    ("incident", "close_code"): {
        text: text
        for text in (
            "Solution provided",
            "Resolved by caller",
            "Workaround provided",
            "Duplicate",
            "Resolved by change",
            "User error",
            "Known error",
            "Resolved by problem",
            "Resolved by request",
            "No resolution provided",
        )
    },
    ("incident", "category"): {
        "inquiry": "Inquiry / Help",
        "software": "Software",
        "hardware": "Hardware",
        "network": "Network",
        "database": "Database",
    },
    ("incident", "notify"): {"1": "Do Not Notify", "2": "Send Email", "3": "Telephone"},
    ("incident", "severity"): {"1": "1 - High", "2": "2 - Medium", "3": "3 - Low"},
    ("task", "impact"): {"1": "1 - High", "2": "2 - Medium", "3": "3 - Low"},
    ("task", "urgency"): {"1": "1 - High", "2": "2 - Medium", "3": "3 - Low"},
    ("task", "priority"): {"1": "1 - Critical", "2": "2 - High", "3": "3 - Moderate", "4": "4 - Low", "5": "5 - Planning"},
    ("task", "escalation"): {"0": "Normal", "1": "Moderate", "2": "High", "3": "Overdue"},
    ("task", "upon_approval"): {"proceed": "Proceed to Next Task", "do_nothing": "Wait for a User to Close this task"},
    ("task", "upon_reject"): {"cancel": "Cancel all future Tasks", "goto": "Go to a previous Task"},
    ("task", "contact_type"): {
        "chat": "Chat",
        "email": "Email",
        "phone": "Phone",
        "self-service": "Self-service",
        "virtual_agent": "Virtual Agent",
        "walk-in": "Walk-in",
    },
    ("interaction", "state"): {
        "new": "New",
        "queued": "Queued",
        "work_in_progress": "Work in progress",
        "on_hold": "On hold",
        "wrap_up": "Wrap up",
        "closed_complete": "Closed complete",
        "closed_abandoned": "Closed abandoned",
    },
    ("interaction", "type"): {
        "chat": "Chat",
        "email": "Email",
        "messaging": "Messaging",
        "phone": "Phone",
        "video": "Video",
        "walkup": "Walk-up",
    },
    ("interaction", "direction"): {"inbound": "Inbound", "outbound": "Outbound"},
}
