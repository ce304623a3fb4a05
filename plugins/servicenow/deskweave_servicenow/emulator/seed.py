"""The instance on its first day: users, groups, choices, dictionary, metric definitions. No tickets: those people write."""

from __future__ import annotations

from typing import Final

from deskweave_servicenow.emulator import dictionary
from deskweave_servicenow.emulator.instance import Account, Instance
from deskweave_servicenow.emulator.table import Stored

ADMIN: Final = "admin"
AGENT: Final = "deskweave.agent"
#: Name, user name, e-mail, language: requesters and staff of a made-up company.
PEOPLE: Final = (
    ("System Administrator", ADMIN, "admin@acme.example", "en"),
    ("Deskweave Agent", AGENT, "deskweave.agent@acme.example", "en"),
    ("张伟", "zhang.wei", "zhang.wei@acme.example", "zh"),
    ("王芳", "wang.fang", "wang.fang@acme.example", "zh"),
    ("李娜", "li.na", "li.na@acme.example", "zh"),
    ("刘洋", "liu.yang", "liu.yang@acme.example", "zh"),
    ("陈静", "chen.jing", "chen.jing@acme.example", "zh"),
    ("赵磊", "zhao.lei", "zhao.lei@acme.example", "zh"),
    ("孙丽", "sun.li", "sun.li@acme.example", "zh"),
    ("周强", "zhou.qiang", "zhou.qiang@acme.example", "zh"),
    ("吴敏", "wu.min", "wu.min@acme.example", "zh"),
    ("张敏", "zhang.min", "zhang.min@acme.example", "zh"),
    ("Anna Berg", "anna.berg", "anna.berg@acme.example", "en"),
    ("Tom Fischer", "tom.fischer", "tom.fischer@acme.example", "en"),
    ("Maria Silva", "maria.silva", "maria.silva@acme.example", "en"),
    ("李伟", "li.wei", "li.wei@desk.acme.example", "zh"),
    ("何雪", "he.xue", "he.xue@desk.acme.example", "zh"),
    ("Chen Jing", "chen.jing.desk", "chen.jing@desk.acme.example", "en"),
    ("Jonas Wolf", "jonas.wolf", "jonas.wolf@desk.acme.example", "en"),
)
GROUPS: Final = ("Service Desk", "Desktop Support", "Network", "Software")
SECRETS: Final = {ADMIN: "emulated-admin-password", AGENT: "emulated-agent-password"}
CLIENT_ID: Final = "0f3b5e2a9c7d41e8b6a2d4c8e0f1a3b5"
CLIENT_SECRET: Final = "emulated-client-secret"


def base_row(instance: Instance, values: Stored) -> Stored:
    """A shipped row: made by the installation, not by a person."""
    now = instance.stamp()
    return {
        "sys_id": instance.new_id(),
        "sys_created_on": now,
        "sys_updated_on": now,
        "sys_created_by": "glide.maint",
        "sys_updated_by": "glide.maint",
        "sys_mod_count": "0",
        **{name: value for name, value in values.items() if value != ""},
    }


def add_user(instance: Instance, name: str, user_name: str, email: str, language: str) -> Stored:
    """An active user."""
    row = base_row(
        instance,
        {
            "name": name,
            "user_name": user_name,
            "email": email,
            "active": "true",
            "preferred_language": language,
            "time_zone": "Asia/Shanghai" if language == "zh" else "GMT",
            "vip": "false",
            "web_service_access_only": "true" if user_name == AGENT else "false",
        },
    )
    instance.tables["sys_user"].put(row)
    return row


def furnish(instance: Instance) -> None:
    """Fill a fresh instance, the same way for the same seed."""
    for name, user_name, email, language in PEOPLE:
        add_user(instance, name, user_name, email, language)
    users = {row["user_name"]: row["sys_id"] for row in instance.tables["sys_user"].rows.values()}
    instance.accounts = {
        ADMIN: Account(ADMIN, users[ADMIN], SECRETS[ADMIN], frozenset({"admin", "itil", "snc_basic_auth_api_access"})),
        AGENT: Account(AGENT, users[AGENT], SECRETS[AGENT], frozenset({"itil", "interaction_agent"})),
    }
    instance.clients = {CLIENT_ID: (CLIENT_SECRET, AGENT)}
    for group in GROUPS:
        instance.tables["sys_user_group"].put(base_row(instance, {"name": group, "active": "true"}))
    for (table, element), values in dictionary.CHOICES.items():
        for sequence, (value, label) in enumerate(values.items()):
            instance.tables["sys_choice"].put(
                base_row(
                    instance,
                    {
                        "name": table,
                        "element": element,
                        "value": value,
                        "label": label,
                        "sequence": str(sequence),
                        "language": "en",
                        "inactive": "false",
                    },
                )
            )
        instance.choices[table, element] = dict(values)
    defined: set[tuple[str, str]] = set()
    for table_ in instance.tables.values():
        for column in table_.columns.values():
            owner = column.owner or table_.name
            if (owner, column.name) in defined:
                continue
            defined.add((owner, column.name))
            instance.tables["sys_dictionary"].put(
                base_row(
                    instance,
                    {
                        "name": owner,
                        "element": column.name,
                        "column_label": column.label,
                        "internal_type": column.type,
                        "reference": column.reference,
                        "max_length": str(column.max_length),
                        "choice": "3" if column.choice else "0",
                        "mandatory": "false",
                        "active": "true",
                    },
                )
            )
        instance.tables["sys_db_object"].put(base_row(instance, {"name": table_.name, "label": table_.label}))
        instance.tables["sys_dictionary"].put(
            base_row(instance, {"name": table_.name, "internal_type": "collection", "column_label": table_.label, "active": "true"})
        )
    for field, label in (("incident_state", "Incident State Duration"), ("assigned_to", "Assigned to Duration")):
        row = base_row(
            instance, {"name": label, "table": "incident", "field": field, "type": "field_value_duration", "active": "true"}
        )
        instance.tables["metric_definition"].put(row)
        instance.metric_definitions[field] = row["sys_id"]
    instance.tables["sys_properties"].put(
        base_row(instance, {"name": "instance_name", "value": f"emulator{instance.seed}", "type": "string"})
    )
    # no instance that people have used is without journal entries; this one stands on a table of no interest here
    instance.tables["sys_journal_field"].put(
        base_row(
            instance,
            {"name": "problem", "element": "work_notes", "element_id": instance.new_id(), "value": "Checked by the vendor."},
        )
    )
