"""What happens when somebody writes: which values are stored, the business rules, journals, audit and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from deskweave_servicenow.emulator import dictionary
from deskweave_servicenow.emulator.instance import METRIC_LAG, STAMP, Account, Instance, Refused
from deskweave_servicenow.emulator.table import Stored, Table

PRIORITY: Final[Mapping[tuple[str, str], str]] = {
    ("1", "1"): "1",
    ("1", "2"): "2",
    ("2", "1"): "2",
    ("1", "3"): "3",
    ("2", "2"): "3",
    ("3", "1"): "3",
    ("2", "3"): "4",
    ("3", "2"): "4",
    ("3", "3"): "5",
}
RESOLVED, CLOSED, CANCELED = "6", "7", "8"
AUDITED: Final = ("incident", "interaction")
MEASURED: Final = ("incident_state", "assigned_to", "assignment_group")
_NO_RIGHT: Final = "ACL Exception due to insufficient rights"


@dataclass(frozen=True, slots=True)
class Write:
    """Who writes and under which rules. `enforce` False: as a data load with rules off, stamps and history still kept."""

    account: Account
    enforce: bool = True
    number: str = ""


def choices_of(instance: Instance, table: Table, column: str) -> Mapping[str, str]:
    """Value -> label of a choice column: the class's own list, else its parent's."""
    return instance.choices.get((table.name, column)) or instance.choices.get((table.parent, column)) or {}


def admit(instance: Instance, table: Table, values: Mapping[str, object], write: Write) -> tuple[Stored, Stored]:
    """What of a body is stored, and what is written to journals. The rest is dropped without a word."""
    stored: Stored = {}
    journals: Stored = {}
    for name, raw in values.items():
        column = table.columns.get(name)
        if column is None or raw is None or not column.writable or isinstance(raw, (Mapping, list)):
            continue
        if (table.name, name) in write.account.denied:
            continue
        text = ("true" if raw else "false") if isinstance(raw, bool) else str(raw)
        if column.type in dictionary.JOURNALS:
            if text.strip() and column.type == "journal_input":
                journals[name] = text.strip()
            continue
        if column.choice and (text == "" and not instance.choice_clears):
            continue
        if column.choice and text and text not in choices_of(instance, table, name) and choices_of(instance, table, name):
            continue
        if column.reference in instance.tables and text and text not in instance.tables[column.reference].rows:
            continue
        if column.type == "boolean" and text not in ("true", "false"):
            text = "true" if text in ("1", "yes") else "false"
        if column.type == "integer" and text:
            try:
                text = str(int(float(text)))
            except ValueError:
                continue
        if column.type == "glide_date_time" and text:
            try:
                datetime.strptime(text, STAMP)
            except ValueError:
                continue
        stored[name] = text[: column.max_length] if column.type == "string" else text
    return stored, journals


def insert(instance: Instance, table: Table, values: Mapping[str, object], write: Write) -> Stored:
    """Create a row.

    Raises:
        Refused: no right, or a rule or data policy says no; nothing was stored.
    """
    if write.enforce and not instance.may_write(write.account, table.name):
        raise Refused(403, "Operation Failed", _NO_RIGHT)
    stored, journals = admit(instance, table, values, write)
    wished = values.get("sys_id")
    sys_id = wished if isinstance(wished, str) and len(wished) == 32 and wished not in table.rows else instance.new_id()
    now = instance.stamp()
    row: Stored = {name: column.default for name, column in table.columns.items() if column.default}
    row |= stored
    row |= {
        "sys_id": sys_id,
        "sys_created_on": now,
        "sys_updated_on": now,
        "sys_created_by": write.account.user_name,
        "sys_updated_by": write.account.user_name,
        "sys_mod_count": "0",
    }
    if table.name in AUDITED:
        row["sys_domain"] = "global"
        row["number"] = write.number or instance.next_number(table.name)
        row.setdefault("opened_at", now)
        row.setdefault("opened_by", write.account.sys_id)
    if table.name == "incident":
        row["sys_class_name"] = "incident"
        row["notify"] = stored.get("notify", "1")
    _apply_rules(instance, table, {}, row, stored, write)
    row = {name: value for name, value in row.items() if value != ""}
    table.put(row)
    _keep_history(instance, table, {}, row, journals, write)
    _after_insert(instance, table, row)
    return row


def update(instance: Instance, table: Table, row: Stored, values: Mapping[str, object], write: Write) -> Stored:
    """Change a row; nothing happens, and nothing is counted, where every value stands there already.

    Raises:
        Refused: no right, or a rule or data policy says no; nothing was stored.
    """
    account = write.account
    if write.enforce:
        if not instance.may_write(account, table.name):
            raise Refused(403, "Operation Failed", _NO_RIGHT)
        closed = table.name == "incident" and row.get("state") == CLOSED
        if closed and instance.closed_is_read_only and not account.is_admin:
            raise Refused(403, "Operation Failed", _NO_RIGHT)
    stored, journals = admit(instance, table, values, write)
    after: Stored = {**row, **stored}
    awaited = table.name == "incident" and row.get("state") == "3" and row.get("hold_reason") == "1"
    if awaited and "comments" in journals and row.get("caller_id") == account.sys_id and "state" not in stored:
        stored["state"] = after["state"] = "2"  # the caller answered
    _apply_rules(instance, table, row, after, stored, write)
    after = {name: value for name, value in after.items() if value != ""}
    if after == row and not journals:
        return row
    after |= {
        "sys_updated_on": instance.stamp(),
        "sys_updated_by": account.user_name,
        "sys_mod_count": str(int(row.get("sys_mod_count", "0")) + 1),
    }
    table.put(after)
    _keep_history(instance, table, row, after, journals, write)
    _after_update(instance, table, after)
    return after


def remove(instance: Instance, table: Table, sys_id: str, write: Write) -> bool:
    """Delete a row and note it in sys_audit_delete; False where there is none.

    Raises:
        Refused: no right.
    """
    if write.enforce and not write.account.is_admin:
        raise Refused(403, "Operation Failed", _NO_RIGHT)
    row = table.drop(sys_id)
    if row is None:
        return False
    if table.name in AUDITED:
        _record(
            instance,
            "sys_audit_delete",
            {"tablename": table.name, "documentkey": sys_id, "display_value": row.get("number", "")},
            write.account.user_name,
        )
    if table.name == "sys_choice":
        instance.choices.get((row.get("name", ""), row.get("element", "")), {}).pop(row.get("value", ""), None)
    if table.name == "sys_dictionary":
        _drop_column(instance, row)
    return True


# ----------------------------------------------------------------------------------------------------------- business rules
def _apply_rules(instance: Instance, table: Table, before: Stored, after: Stored, said: Stored, write: Write) -> None:
    if table.name == "incident":
        _incident_rules(instance, before, after, said, write)
    elif table.name == "interaction":
        _interaction_rules(instance, before, after, write)


def _incident_rules(instance: Instance, before: Stored, after: Stored, said: Stored, write: Write) -> None:
    if "state" not in said and "incident_state" in said:
        after["state"] = said["incident_state"]
    old, new = before.get("state", ""), after.get("state", "1")
    after["incident_state"] = new
    after["priority"] = PRIORITY.get((after.get("impact", "3"), after.get("urgency", "3")), "5")
    if new != "3":
        after["hold_reason"] = ""
    if write.enforce:
        needed = (("close_code", "Resolution code"), ("close_notes", "Close notes"))
        missing = [label for name, label in needed if new in (RESOLVED, CLOSED) and not after.get(name)]
        if new == "3" and not after.get("hold_reason"):
            missing.append("On hold reason")
        if missing:
            detail = "Data Policy Exception: \n\tThe following fields are mandatory: " + ", ".join(missing)
            raise Refused(403, "Operation Failed", detail)
    now, who = instance.stamp(), write.account.sys_id
    if new != old:
        if new in (RESOLVED, CLOSED) and not after.get("resolved_at"):
            after["resolved_at"], after["resolved_by"] = now, said.get("resolved_by", who)
        if new in (CLOSED, CANCELED):
            after["closed_at"], after["closed_by"] = said.get("closed_at", now), said.get("closed_by", who)
        if old in (RESOLVED, CLOSED, CANCELED) and new not in (RESOLVED, CLOSED, CANCELED):
            after["reopen_count"] = str(int(before.get("reopen_count", "0")) + 1)
            after["reopened_time"], after["reopened_by"] = now, who
            after["resolved_at"] = after["resolved_by"] = after["closed_at"] = after["closed_by"] = ""
    after["active"] = "false" if new in (CLOSED, CANCELED) else "true"
    if before.get("assignment_group") and after.get("assignment_group") != before["assignment_group"]:
        after["reassignment_count"] = str(int(before.get("reassignment_count", "0")) + 1)


def _interaction_rules(instance: Instance, before: Stored, after: Stored, write: Write) -> None:
    if after.get("queue") and not before.get("queue") and after.get("state") == "new":
        after["state"] = "queued"
    old, new = before.get("state", ""), after.get("state", "new")
    closed = new in ("closed_complete", "closed_abandoned")
    if new != old:
        after["closed_at"] = instance.stamp() if closed else ""
        after["closed_by"] = write.account.sys_id if closed else ""
    after["active"] = "false" if closed else "true"


# ------------------------------------------------------------------------------------------------------------------ history
def _record(instance: Instance, table: str, values: Stored, user: str) -> Stored:
    now = instance.stamp()
    row = {
        **{name: value for name, value in values.items() if value != ""},
        "sys_id": instance.new_id(),
        "sys_created_on": now,
        "sys_updated_on": now,
        "sys_created_by": user,
        "sys_updated_by": user,
        "sys_mod_count": "0",
    }
    instance.tables[table].put(row)
    return row


def _keep_history(instance: Instance, table: Table, before: Stored, after: Stored, journals: Stored, write: Write) -> None:
    if table.name not in AUDITED:
        return
    user, sys_id = write.account.user_name, after["sys_id"]
    for element, text in journals.items():
        _record(instance, "sys_journal_field", {"name": table.name, "element": element, "element_id": sys_id, "value": text}, user)
    if before:
        changed = [name for name in sorted(set(before) | set(after)) if before.get(name) != after.get(name)]
        lines = {name: (before.get(name, ""), after.get(name, "")) for name in changed if not name.startswith("sys_")}
        lines |= {element: ("", text) for element, text in journals.items()}
        for name, (old, new) in lines.items():
            _record(
                instance,
                "sys_audit",
                {
                    "tablename": table.name,
                    "documentkey": sys_id,
                    "fieldname": name,
                    "oldvalue": old,
                    "newvalue": new,
                    "user": user,
                    "record_checkpoint": after["sys_mod_count"],
                },
                user,
            )
    if table.parent == "task":
        _measure(instance, table, before, after)


def _measure(instance: Instance, table: Table, before: Stored, after: Stored) -> None:
    """Value spans of a task. The job that writes them runs some 30 s later, so a span is seen only then."""
    metrics, sys_id = instance.tables["metric_instance"], after["sys_id"]
    now = instance.clock()
    seen_at = now + METRIC_LAG
    late = seen_at > instance.now()
    if not before:
        instance.open_spans[sys_id] = {}
        _span(instance, table, sys_id, "", "", "", seen_at if late else None)
    spans = instance.open_spans.setdefault(sys_id, {})
    for name in MEASURED:
        old, new = before.get(name, ""), after.get(name, "")
        if old == new:
            continue
        running = metrics.rows.get(spans.pop(name, ""))
        if running is not None:
            start = datetime.strptime(running["start"], STAMP).replace(tzinfo=UTC)
            ended = {
                **running,
                "end": now.strftime(STAMP),
                "duration": (datetime(1970, 1, 1, tzinfo=UTC) + (now.replace(microsecond=0) - start)).strftime(STAMP),
                "calculation_complete": "true",
                "sys_updated_on": now.strftime(STAMP),
                "sys_mod_count": "1",
            }
            if late:
                metrics.hold_back(running["sys_id"], seen_at, running)
            metrics.put(ended)
        if new:
            label = choices_of(instance, table, name).get(new, "") if name == "incident_state" else new
            spans[name] = _span(instance, table, sys_id, name, new, label, seen_at if late else None)


def _span(instance: Instance, table: Table, sys_id: str, name: str, raw: str, label: str, seen_at: datetime | None) -> str:
    row = _record(
        instance,
        "metric_instance",
        {
            "definition": instance.metric_definitions.get(name, ""),
            "table": table.name,
            "id": sys_id,
            "field": name,
            "field_value": raw,
            "value": label,
            "start": instance.stamp(),
            "calculation_complete": "false",
        },
        "system",
    )
    if seen_at is not None:
        instance.tables["metric_instance"].hold_back(row["sys_id"], seen_at, None)
    return row["sys_id"]


# ------------------------------------------------------------------------------------------- tables that change the instance
def _after_insert(instance: Instance, table: Table, row: Stored) -> None:
    if table.name == "sys_choice" and row.get("inactive", "false") != "true" and row.get("language", "en") == "en":
        _learn_choice(instance, row)
    elif table.name == "sys_dictionary":
        _add_column(instance, row)


def _after_update(instance: Instance, table: Table, row: Stored) -> None:
    if table.name == "sys_choice" and row.get("language", "en") == "en":
        if row.get("inactive") == "true":
            instance.choices.get((row.get("name", ""), row.get("element", "")), {}).pop(row.get("value", ""), None)
        else:
            _learn_choice(instance, row)
    elif table.name == "sys_dictionary":
        _add_column(instance, row)


def _learn_choice(instance: Instance, row: Stored) -> None:
    """Whether only these values are stored is said by the column's own `choice`, not by there being any."""
    key = (row.get("name", ""), row.get("element", ""))
    instance.choices.setdefault(key, {})[row.get("value", "")] = row.get("label", "")


def _add_column(instance: Instance, row: Stored) -> None:
    name, element = row.get("name", ""), row.get("element", "")
    for table in instance.tables.values():
        if name not in (table.name, table.parent) or not element:
            continue
        known = table.columns.get(element)
        table.columns[element] = dictionary.Column(
            name=element,
            label=row.get("column_label", element),
            type=row.get("internal_type", "string"),
            reference=row.get("reference", ""),
            max_length=int(row.get("max_length", "40") or "40"),
            default=known.default if known else "",
            owner=name,
            choice=row.get("choice", "0") not in ("", "0"),
            writable=(known.writable if known else True) and row.get("active", "true") == "true",
        )


def _drop_column(instance: Instance, row: Stored) -> None:
    for table in instance.tables.values():
        if row.get("name", "") in (table.name, table.parent) and row.get("element", "").startswith("u_"):
            table.columns.pop(row["element"], None)
            for stored in table.rows.values():
                stored.pop(row["element"], None)
