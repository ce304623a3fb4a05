"""The helpdesk half of the emulated API: tickets, messages, custom fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from deskweave.emulation import Call, Reply
from deskweave_feishu.emulator.state import App, Comment, Person, Said, Ticket

if TYPE_CHECKING:
    from deskweave_feishu.emulator.platform import FeishuPlatform

ROOT: Final = "/open-apis/helpdesk/v1"
READ: Final = {"helpdesk:all:readonly", "helpdesk:all"}
CLOSED: Final = 50
HOLD: Final = 4


class HelpdeskApi:
    """Handlers over the platform's one helpdesk, and what happens to a ticket whoever causes it."""

    def __init__(self, platform: FeishuPlatform) -> None:
        self._of = platform
        serve, ticket = platform.serve, f"{ROOT}/tickets/{{ticket_id}}"
        serve("GET", f"{ROOT}/tickets", self._list, READ, helpdesk=True)
        serve("GET", ticket, self._get, READ, helpdesk=True)
        serve("PUT", ticket, self._get, {"helpdesk:all"}, helpdesk=True, writes=True, tenant=False)
        serve("GET", f"{ticket}/messages", self._messages, READ, helpdesk=True)
        serve("POST", f"{ticket}/messages", self._send, {"helpdesk:all"}, helpdesk=True, writes=True)
        serve("GET", f"{ROOT}/customized_fields", self._fields, READ, helpdesk=True)
        serve("GET", f"{ROOT}/ticket_customized_fields", self._ticket_fields, READ, helpdesk=True)
        start = {"helpdesk:helpdesk:access", "helpdesk:all"}
        serve("POST", f"{ROOT}/start_service", self._start, start, helpdesk=True, writes=True)

    def _bad(self) -> Reply:
        return self._of.fail(400, 154000, "Bad request, please check your request body")

    # --------------------------------------------------------------------------------------------------------------- tickets
    def _list(self, call: Call, app: App) -> Reply:
        """Tickets in no order at all, never counted past the cap."""
        try:
            page, size = int(call.one("page", "1")), int(call.one("page_size", "20"))
            windows = [self._window(call, by) for by in ("create", "update")]
        except ValueError:
            return self._bad()
        if page < 1 or not 0 < size <= 200:
            return self._bad()
        tickets = [
            ticket
            for ticket in self._of.helpdesk.tickets.values()
            if all(
                window is None or window[0] <= (ticket.created_at if by == "create" else ticket.updated_at) <= window[1]
                for by, window in zip(("create", "update"), windows, strict=True)
            )
            and self._passes(call, ticket)
        ]
        self._of.ids.dice.shuffle(tickets)
        total = min(len(tickets), self._of.list_cap)
        shown = tickets[:total][(page - 1) * size : page * size]
        return self._of.ok({"total": total, "tickets": [self.told(ticket) for ticket in shown] or None})

    @staticmethod
    def _window(call: Call, by: str) -> tuple[int, int] | None:
        """Both ends or neither.

        Raises:
            ValueError: only one, or no number.
        """
        start, end = call.one(f"{by}_time_start"), call.one(f"{by}_time_end")
        if not start and not end:
            return None
        return int(start), int(end)

    @staticmethod
    def _passes(call: Call, ticket: Ticket) -> bool:
        statuses, guest, ticket_id = call.query.get("status_list"), call.one("guest_id"), call.one("ticket_id")
        return (
            (not statuses or str(ticket.status) in statuses)
            and (not guest or guest == ticket.guest.open_id)
            and (not ticket_id or ticket_id == ticket.ticket_id)
        )

    def told(self, ticket: Ticket, *, alone: bool = False) -> dict[str, Any]:
        """A ticket as the API tells it. Only the id is sure to be there; tags come only when one ticket is asked for."""
        objects = self._of.object_comments
        comments = [self._comment(comment) for comment in ticket.comments]
        told: dict[str, Any] = {
            "ticket_id": ticket.ticket_id,
            "helpdesk_id": self._of.helpdesk.helpdesk_id,
            "guest": ticket.guest.full(),
            "ticket_type": ticket.ticket_type,
            "status": ticket.status,
            "created_at": ticket.created_at,
            "updated_at": ticket.updated_at,
            "channel": ticket.channel,
            "score": ticket.score,  # 0: not rated
            "solve": ticket.solve,
            "customized_fields": self._custom(ticket),
            "comments": (comments[-1] if comments else {}) if objects else comments,
            "agents": [agent.full() for agent in ticket.agents],
        }
        if ticket.score:
            told["dissatisfaction_reason"] = (ticket.reasons[-1] if ticket.reasons else {}) if objects else ticket.reasons
        if ticket.closed_at:
            told["closed_at"] = ticket.closed_at
        if ticket.closed_by:
            told["closed_by"] = ticket.closed_by.full()
        if ticket.owner:
            told["agent_owner"] = ticket.owner.full()
        told |= _measured(ticket)
        if alone:
            told["tags"] = [{"id": str(7_000_000_000_000_000_000 + at), "name": name} for at, name in enumerate(ticket.tags)]
        return told

    @staticmethod
    def _comment(comment: Comment) -> dict[str, Any]:
        return {
            "id": comment.id,
            "content": comment.text,
            "created_at": comment.at,
            "user_id": comment.by.number,
            "user_name": comment.by.name,
            "user_avatar_url": "",
        }

    def _custom(self, ticket: Ticket) -> list[dict[str, Any]]:
        return [
            {
                "id": field["ticket_customized_field_id"],
                "value": ticket.custom.get(field["key_name"], ""),
                "key_name": field["key_name"],
                "display_name": field["display_name"],
                "position": int(field["position"]),
                "required": field["required"],
                "editable": field["editable"],
            }
            for field in self._of.helpdesk.fields
        ]

    def _ticket(self, call: Call) -> Ticket | Reply:
        ticket = self._of.helpdesk.tickets.get(call.params["ticket_id"])
        return ticket or self._of.fail(404, 154004, "Resource not found")

    def _get(self, call: Call, app: App) -> Reply:
        ticket = self._ticket(call)
        return ticket if isinstance(ticket, Reply) else self._of.ok({"ticket": self.told(ticket, alone=True)})

    def _start(self, call: Call, app: App) -> Reply:
        """A chat for somebody. Its ticket's id is told only if a person is wanted at once."""
        body = _object(call)
        guest = self._of.people.get(str(body.get("open_id")))
        if guest is None:
            return self._bad()
        human = body.get("human_service") is True
        if body.get("appointed_agents") and not human:
            return self._bad()
        ticket = self.open(guest, channel=9, human=human)
        return self._of.ok({"chat_id": ticket.chat_id, **({"ticket_id": ticket.ticket_id} if human else {})})

    # -------------------------------------------------------------------------------------------------------------- messages
    def _messages(self, call: Call, app: App) -> Reply:
        ticket = self._ticket(call)
        if isinstance(ticket, Reply):
            return ticket
        page, size = int(call.one("page", "1")), int(call.one("page_size", "20"))
        if page < 1 or not 0 < size <= 200:
            return self._bad()
        shown = ticket.said[(page - 1) * size : page * size]
        return self._of.ok({"total": len(ticket.said), "messages": [self._said(one) for one in shown] or None})

    def _said(self, said: Said) -> dict[str, Any]:
        content = said.content if said.content is not None else {"content": said.text, "msg_type": said.kind}
        return {
            "id": said.message_id,
            "message_id": str(int(said.message_id) + 1),
            "message_type": said.kind,
            "created_at": said.at,
            "content": json.dumps(content, ensure_ascii=False),
            "user_name": said.by.name if said.by else "服务台机器人",
            "avatar_url": "",
            "user_id": said.by.open_id if said.by else "",
        }

    def _send(self, call: Call, app: App) -> Reply:
        """As the bot, never as an agent."""
        ticket, body = self._ticket(call), _object(call)
        if isinstance(ticket, Reply):
            return ticket
        if ticket.status >= CLOSED:
            return self._of.fail(401, 154401, "Ticket already closed")
        content = body.get("content")
        content = json.loads(content) if isinstance(content, str) else content
        if not isinstance(content, Mapping) or body.get("msg_type") not in ("text", "post"):
            return self._bad()
        said = self.say(ticket, None, str(content.get("text") or ""))
        return self._of.ok({"message_id": f"om_{said.message_id}"})

    # ---------------------------------------------------------------------------------------------------------------- fields
    def _fields(self, call: Call, app: App) -> Reply:
        bare = [{key: value for key, value in field.items() if key != "dropdown_options"} for field in self._of.helpdesk.fields]
        return self._of.ok({"user_customized_fields": [], "ticket_customized_fields": bare})

    def _ticket_fields(self, call: Call, app: App) -> Reply:
        items, size = self._of.helpdesk.fields, int(call.one("page_size", "20"))
        start = int(call.one("page_token", "0"))
        more = start + size < len(items)
        return self._of.ok({"has_more": more, "next_page_token": str(start + size), "items": items[start : start + size] or None})

    # -------------------------------------------------------------------------------------------------------- what happens to it
    def open(self, guest: Person, *, channel: int = 0, human: bool = True) -> Ticket:
        """Somebody opens a chat with the helpdesk."""
        ids, now = self._of.ids, self._of.milliseconds()
        ticket = Ticket(ids.long(), ids.hexadecimal("oc_", 32), guest, now, ticket_type=2 if human else 1, channel=channel)
        self._of.helpdesk.tickets[ticket.ticket_id] = ticket
        return ticket

    def touch(self, ticket: Ticket) -> None:
        ticket.updated_at = self._of.milliseconds()

    def say(self, ticket: Ticket, by: Person | None, text: str) -> Said:
        """Write into the chat. An agent's first word counts as the response."""
        now = self._of.milliseconds()
        said = Said(self._of.ids.long(), by, text, now)
        ticket.said.append(said)
        if by is not None and by is not ticket.guest:
            self.enter(ticket, by)
            ticket.first_response = ticket.first_response or now
            ticket.last_response = now
        self.touch(ticket)
        return said

    def remark(self, ticket: Ticket, by: Person, text: str) -> Comment:
        """An agent's own remark, which the guest does not see."""
        comment = Comment(len(ticket.comments) + 12, by, text, self._of.milliseconds())
        ticket.comments.append(comment)
        self.touch(ticket)
        return comment

    def enter(self, ticket: Ticket, agent: Person) -> None:
        """An agent steps in."""
        if agent not in ticket.agents:
            ticket.agents.append(agent)
        ticket.owner = ticket.owner or agent
        ticket.entry = ticket.entry or self._of.milliseconds()
        ticket.ticket_type = 2

    def become(self, ticket: Ticket, status: int, by: Person) -> None:
        """Change the status, as a person does in the helpdesk's pages."""
        now = self._of.milliseconds()
        if by is not ticket.guest:
            self.enter(ticket, by)
        if ticket.status == HOLD and status != HOLD and ticket.hold_since:
            ticket.held, ticket.hold_since = ticket.held + now - ticket.hold_since, 0
        if status == HOLD and ticket.status != HOLD:
            ticket.hold_since = now
        if status >= CLOSED:
            status = 52 if by is ticket.guest else status
            ticket.closed_at, ticket.closed_by = now, by
        ticket.status = status
        self.touch(ticket)


def _object(call: Call) -> Mapping[str, Any]:
    """The request's JSON object; anything else is taken for an empty one."""
    try:
        body = call.json()
    except ValueError:
        return {}
    return body if isinstance(body, Mapping) else {}


def _measured(ticket: Ticket) -> dict[str, Any]:
    """Feishu's own measures, in seconds but for the service duration, which is minutes; all count from the agent's entry."""
    if not ticket.entry:
        return {}
    told: dict[str, Any] = {
        "agent_entry_time": ticket.entry,
        "bot_service_duration": (ticket.entry - ticket.created_at) // 1000,
    }
    if ticket.first_response:
        told |= {
            "agent_first_response_time": ticket.first_response,
            "agent_last_response_time": ticket.last_response,
            "agent_first_response_duration": (ticket.first_response - ticket.entry) // 1000,
            "agent_service_duration": (ticket.last_response - ticket.entry) / 60_000,
        }
    if ticket.closed_at:
        resolution = (ticket.closed_at - ticket.entry) // 1000
        told |= {"agent_resolution_time": resolution, "actual_processing_time": resolution - ticket.held // 1000}
    return told
