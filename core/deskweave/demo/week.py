"""The simulated week: what each person does, when and on which platform. Drawn from a seed, so every demo tells the same story."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from deskweave.demo.cast import AGENTS, INTERNAL_NOTES, MATTERS, PUBLIC_REPLIES, USER_ANSWERS, USERS, Matter, Player
from deskweave.model import FieldId, Value
from deskweave.practice import Practice

ZONE: Final = ZoneInfo("Asia/Shanghai")
MONDAY: Final = datetime(2026, 11, 16, 9, 0, tzinfo=ZONE)
FRIDAY_EVENING: Final = datetime(2026, 11, 20, 18, 0, tzinfo=ZONE)
CHANNELS: Final = ("phone", "phone", "email", "self_service")  #: how people came who did not write in the chat's own platform
PRIORITIES: Final = ("p2", "p3", "p3", "p3", "p4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing one person does. `on` is the platform whose pages they have open; `story` numbers the inquiry."""

    at: datetime
    story: int
    kind: Literal["create", "edit", "public", "internal"]
    on: str
    by: str
    values: Mapping[FieldId, Value] | None = None
    body: str = ""
    collection: str | None = None  #: where a create happens; None: where inquiries of this kind live


@dataclass(frozen=True, slots=True)
class Origin:
    """Where inquiries of the story come in, and how many."""

    connection: str
    inquiries: int
    tickets: int = 0  #: of them, opened as a chat ticket in a collection of its own
    ticket_collection: str | None = None


def draw(practice: Practice, origins: Sequence[Origin], *, seed: int) -> list[Act]:
    """Every act of the week in order of time.

    Args:
        practice: for the catalog's slugs and the choices of closing fields.
        origins: where inquiries come in.
        seed: the same seed tells the same story.
    """
    dice = random.Random(seed)
    places = [(origin, number < origin.tickets) for origin in origins for number in range(origin.inquiries)]
    dice.shuffle(places)
    items = {item.label.get("zh", ""): slug for slug, item in practice.catalog.items()}
    everywhere = [origin.connection for origin in origins]
    acts: list[Act] = []
    for story, (origin, as_ticket) in enumerate(places, start=1):
        matter = MATTERS[dice.randrange(len(MATTERS))]
        acts += _life(dice, practice, story, origin, as_ticket, matter, items.get(matter.item), everywhere)
    return sorted((act for act in acts if act.at <= FRIDAY_EVENING), key=lambda act: (act.at, act.story))


def _working_moment(dice: random.Random) -> datetime:
    """A moment in the hours 9-12 and 13-17:30, mornings and Mondays busier."""
    day = dice.choices(range(5), weights=(27, 20, 18, 18, 17))[0]
    minutes = dice.randrange(0, 180) if dice.random() < 0.55 else dice.randrange(240, 500)
    return MONDAY + timedelta(days=day, minutes=minutes, seconds=dice.randrange(60))


def _later(at: datetime, minutes: float) -> datetime:
    """`minutes` of desk time on: the lunch hour and the nights between are stepped over, as people do."""
    left = timedelta(minutes=minutes)
    while True:
        start = at.replace(hour=9, minute=0, second=0)
        for opens, closes in ((0, 180), (240, 540)):
            begin, end = start + timedelta(minutes=opens), start + timedelta(minutes=closes)
            if at < end:
                at = max(at, begin)
                if at + left < end:
                    return at + left
                left -= end - at
                at = end
        at = start + timedelta(days=1 if start.weekday() < 4 else 3)


def _choice(dice: random.Random, practice: Practice, field: str) -> str | None:
    known = practice.fields.get(FieldId(field))
    return dice.choice(sorted(known.choices)) if known and known.choices else None


def _values(**given: Value) -> dict[FieldId, Value]:
    return {FieldId(name): value for name, value in given.items() if value is not None}


def _life(
    dice: random.Random,
    practice: Practice,
    story: int,
    origin: Origin,
    as_ticket: bool,
    matter: Matter,
    item: str | None,
    everywhere: Sequence[str],
) -> list[Act]:
    user: Player = dice.choice(USERS)
    agent: Player = dice.choice(AGENTS)
    title = dice.choice(matter.titles)
    at = _working_moment(dice)
    home = origin.connection
    opened = _values(
        title=title,
        symptom=matter.symptom,
        stream=matter.stream,
        service_item=item,
        channel="feishu" if origin.ticket_collection else dice.choice(CHANNELS),
        priority=dice.choice(PRIORITIES),
        user=user.name,
        email=user.email,
        city=user.city,
        department=user.department,
        status=practice.statuses.initial,
        current_tier="first_line",
    )
    known = practice.catalog.get(item or "")
    classification = known.classification if known else None
    acts = [
        Act(
            at=at,
            story=story,
            kind="create",
            on=home,
            by=user.email,
            values=opened,
            collection=origin.ticket_collection if as_ticket else None,
        )
    ]
    # a ticket is a chat: whoever helps works in the pages of another platform, once the inquiry has arrived there
    away = [name for name in everywhere if name != home]
    desk = dice.choice(away) if as_ticket or dice.random() < 0.2 else home
    patience = dice.gauss(2.6, 0.9) if dice.random() < 0.93 else dice.uniform(6, 25)
    at = _later(at, max(0.5, patience))
    accepted = _values(status="in_progress", agent_name=agent.name, classification=classification)
    acts.append(Act(at=at, story=story, kind="edit", on=desk, by=agent.email, values=accepted))
    if dice.random() < 0.9:
        acts.append(Act(at=_later(at, 1), story=story, kind="public", on=desk, by=agent.email, body=dice.choice(PUBLIC_REPLIES)))
    if dice.random() < 0.35:
        acts.append(Act(at=_later(at, 3), story=story, kind="internal", on=desk, by=agent.email, body=dice.choice(INTERNAL_NOTES)))
    if dice.random() < 0.3:
        at = _later(at, dice.uniform(25, 60))
        acts.append(Act(at=at, story=story, kind="edit", on=desk, by=agent.email, values=_values(status="waiting_on_user")))
        at = _later(at, dice.uniform(30, 240))
        acts.append(Act(at=at, story=story, kind="public", on=home, by=user.email, body=dice.choice(USER_ANSWERS)))
        at = _later(at, 25)
        acts.append(Act(at=at, story=story, kind="edit", on=desk, by=agent.email, values=_values(status="in_progress")))
    if dice.random() < 0.5:
        at = _later(at, dice.uniform(25, 50))
        tier = "second_line" if dice.random() < 0.4 else None
        more = _values(steps_taken="Checked log, driver and network.", priority=dice.choice(PRIORITIES), current_tier=tier)
        acts.append(Act(at=at, story=story, kind="edit", on=dice.choice(everywhere), by=agent.email, values=more))
    at = _later(at, dice.lognormvariate(4.3, 0.8))
    solved = _values(
        solution=matter.solution,
        problem_category=_choice(dice, practice, "problem_category"),
        business_category=classification if dice.random() < 0.96 else _choice(dice, practice, "business_category"),
        is_repeat=dice.random() < 0.08,
    )
    acts.append(Act(at=at, story=story, kind="edit", on=desk, by=agent.email, values={**solved, **_values(status="resolved")}))
    at = _later(at, dice.uniform(30, 200))
    rating = dice.choices(("satisfied", "neutral", "dissatisfied"), weights=(85, 10, 5))[0] if dice.random() < 0.7 else None
    acts.append(
        Act(at=at, story=story, kind="edit", on=desk, by=agent.email, values=_values(status="closed", user_satisfaction=rating))
    )
    return acts
