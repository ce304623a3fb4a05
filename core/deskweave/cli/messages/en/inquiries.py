"""Inquiries: status, show and explain, in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MESSAGES: Final[Mapping[str, str]] = {
    "due-provisional": "{moment} (provisional)",
    "due-paused": "paused",
    "due-stopped": "stopped",
    "due-window": "after its own hours",
    "due-unknown": "not known",
    "show-due": "due {moment}",
    "show-overdue": "was due {moment}",
    "show-due-provisional": "Provisional: holidays are known to {day}, after it the plain week counts.",
    "status-head": "{inquiries:inquiry|inquiries}, {events:event|events}",
    "status-joined": "joined",
    "status-waiting": "waiting",
    "status-parked": "parked",
    "status-unknown": "unclear",
    "status-last": "last run",
    "status-unknown-values": "{key}: {n:value|values} without a word in the practice",
    "status-practice-changed": "The files say another practice than the one in force.",
    "link-new": "not sent yet",
    "link-creating": "being created",
    "link-live": "joined",
    "link-unknown": "unclear: an answer was lost",
    "link-tombstone": "gone there",
    "link-parked": "parked",
    "unknown-word": "no word for {raw}",
    "show-messages": "{n:message|messages}",
    "visibility-public": "public",
    "visibility-internal": "internal",
    "erased": "(erased)",
    "explain-is": "{field} is {value}   ({zone})",
    "explain-message": "a message",
    "explain-about": "seen by comparing, time is the latest possible",
    "explain-conflict": "conflict C-{id}: ours {ours}, theirs {theirs}; {winner} stands",
    "explain-nothing": "Nothing has happened to it.",
    "winner-ours": "ours",
    "winner-theirs": "theirs",
    "parked-none": "Nothing is parked.",
    "parked-released": "{n} will be tried again with the next sync.",
    "parked-one-word": "Name what it is about and one of --release, --is, --again, --drop.",
    "parked-not-unknown": "{key} is no create without an answer, as --is, --again and --drop want; other records take --release.",
    "parked-given-up": "{n} given up.",
    "parked-message": "a message",
}
