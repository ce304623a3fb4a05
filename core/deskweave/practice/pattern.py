"""Whether a pattern of a practice is safe to hold against what strangers type, before anything is held against it.

Python's matcher tries every way a pattern can fit, and some patterns fit in more ways than there are atoms. So a pattern is taken
apart first and the ways are counted, from above: a repetition without an end must leave no doubt which of its parts comes next
(one letter decides), and what doubt is left elsewhere is multiplied up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final

from deskweave.model.constraint import LONGEST_MATCHED

WAYS: Final = LONGEST_MATCHED**2
"""More ways than this to fit one text are too many: about ten milliseconds."""
POSITIONS: Final = 500
"""More letters than this in one pattern, repetitions written out, are too many to look through."""

_START: Final = -1
_EVERY: Final = (1 << 256) - 1  #: ASCII bit by bit, the other letters 128 to a bit
_BEYOND: Final = _EVERY ^ ((1 << 128) - 1)


class _Refused(Exception):
    """Why a pattern is not taken: rule and reason."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule, self.reason = rule, reason


def doubt_about(pattern: str) -> tuple[str, str] | None:
    """Rule and reason why a pattern is not taken, or None.

    `pattern-not-portable`: it means something else, or nothing, to other readers of JSON Schema (ECMA 262). `pattern-slow`: a text
    can make matching take too long. What is no regular expression at all is not told here.
    """
    parser: Any = import_module("re._parser")
    try:
        tree = parser.parse(pattern)
    except (re.error, OverflowError, RecursionError):
        return None
    if tree.state.groupdict or tree.state.flags & ~re.UNICODE:
        return "pattern-not-portable", "names of groups and flags inside a pattern are Python's own"
    try:
        walk = _Walk()
        whole = walk.sequence(list(tree))
        walk.close(whole)
        ways = walk.ways()
    except _Refused as refused:
        return refused.rule, refused.reason
    except RecursionError:
        return "pattern-slow", "it is nested too deeply"
    anchored = bool(tree) and str(tree[0][0]) == "AT" and str(tree[0][1]) == "AT_BEGINNING"
    if ways * (1 if anchored else LONGEST_MATCHED) > WAYS:
        hint = "" if anchored else "; begin it with ^"
        return "pattern-slow", f"a text of {LONGEST_MATCHED} characters could fit in more than {WAYS} ways{hint}"
    return None


@dataclass(slots=True)
class _Part:
    """A piece of a pattern by the letters it can begin and end with."""

    nullable: bool
    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Choice:
    """A place where matching can go on in several ways: in how many, and which letters lie inside."""

    inside: range
    first: list[int]
    weight: int


class _Walk:
    """The automaton of a pattern's letters (Glushkov's), every edge as often as there are ways to take it."""

    def __init__(self) -> None:
        self.letters: list[int] = []
        self.follow: dict[int, list[int]] = {_START: []}
        self.choices: list[_Choice] = []
        self.looped = 0

    # --------------------------------------------------------------------------------------------------------- building
    def letter(self, mask: int) -> _Part:
        if len(self.letters) >= POSITIONS:
            raise _Refused("pattern-slow", f"with its repetitions written out it has more than {POSITIONS} letters")
        self.letters.append(mask)
        at = len(self.letters) - 1
        self.follow[at] = []
        return _Part(False, [at], [at])

    def sequence(self, items: list[Any]) -> _Part:
        whole = _Part(True)
        for item in items:
            whole = self.joined(whole, self.item(item))
        return whole

    def joined(self, one: _Part, other: _Part) -> _Part:
        for at in one.last:
            self.follow[at].extend(other.first)
        return _Part(
            one.nullable and other.nullable,
            [*one.first, *other.first] if one.nullable else one.first,
            [*one.last, *other.last] if other.nullable else other.last,
        )

    def item(self, item: Any) -> _Part:
        op, body = str(item[0]), item[1]
        match op:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                return self.letter(_mask(op, body))
            case "AT":
                if str(body) not in ("AT_BEGINNING", "AT_END", "AT_BOUNDARY", "AT_NON_BOUNDARY"):
                    raise _Refused("pattern-not-portable", "write ^ and $ for the ends of the text")
                return _Part(True)
            case "SUBPATTERN":
                if body[1] or body[2]:
                    raise _Refused("pattern-not-portable", "flags inside a pattern are Python's own")
                return self.sequence(list(body[3]))
            case "BRANCH":
                return self.branch([list(one) for one in body[1]])
            case "MAX_REPEAT" | "MIN_REPEAT":
                return self.repeat(int(body[0]), int(body[1]), list(body[2]))
            case "GROUPREF" | "GROUPREF_EXISTS":
                raise _Refused("pattern-slow", "what refers back to a group cannot be bounded")
            case "ASSERT" | "ASSERT_NOT":
                raise _Refused("pattern-slow", "what looks ahead or behind cannot be bounded")
        raise _Refused("pattern-not-portable", "other readers of JSON Schema do not know this")

    def branch(self, ways: list[list[Any]]) -> _Part:
        whole = _Part(False)
        for items in ways:
            begin = len(self.letters)
            one = self.sequence(items)
            if one.nullable and whole.nullable:
                raise _Refused("pattern-slow", "two alternatives may be empty")
            self.choice(begin, one.first, 2)
            whole = _Part(whole.nullable or one.nullable, [*whole.first, *one.first], [*whole.last, *one.last])
        return whole

    def repeat(self, least: int, most: int, items: list[Any]) -> _Part:
        endless = most >= 1 << 31
        whole = _Part(True)
        for _ in range(least - 1 if endless and least else least):
            whole = self.joined(whole, self.sequence(items))
        if endless:
            return self.joined(whole, self.loop(items, optional=least == 0))
        tail = _Part(True)
        begins: list[tuple[int, list[int]]] = []
        parts: list[_Part] = []
        for _ in range(most - least):
            begin = len(self.letters)
            part = self.sequence(items)
            if part.nullable:
                raise _Refused("pattern-slow", "what may be empty is optional as well")
            parts.append(part)
            begins.append((begin, part.first))
        for part in reversed(parts):  # x{0,2} is (x(x)?)?: one more only after one
            tail = self.joined(part, tail)
            tail = _Part(True, tail.first, tail.last)
        for begin, first in begins:
            self.choice(begin, first, 2)
        return self.joined(whole, tail)

    def loop(self, items: list[Any], *, optional: bool) -> _Part:
        begin = len(self.letters)
        self.looped += 1
        body = self.sequence(items)
        self.looped -= 1
        if body.nullable:
            raise _Refused("pattern-slow", "what may be empty is repeated without an end")
        for at in body.last:
            self.follow[at].extend(body.first)
        inside = range(begin, len(self.letters))
        for goes in (body.first, *(self.follow[at] for at in inside)):
            if self.overlap(goes):
                raise _Refused("pattern-slow", "inside a repetition without an end one letter does not decide what comes next")
        self.choice(begin, body.first, LONGEST_MATCHED)
        return _Part(optional, body.first, body.last)

    def choice(self, begin: int, first: list[int], weight: int) -> None:
        if not self.looped:
            self.choices.append(_Choice(range(begin, len(self.letters)), first, weight))

    def close(self, whole: _Part) -> None:
        self.follow[_START].extend(whole.first)

    # --------------------------------------------------------------------------------------------------------- counting
    def overlap(self, goes: list[int]) -> bool:
        seen = 0
        for at in goes:
            if seen & self.letters[at]:
                return True
            seen |= self.letters[at]
        return False

    def ways(self) -> int:
        """In how many ways one text can fit from one place on, at most."""
        found = 1
        for choice in self.choices:
            if any(self.open(choice, at, goes) for at, goes in self.follow.items()):
                found *= choice.weight
                if found > WAYS:
                    break
        return found

    def open(self, choice: _Choice, at: int, goes: list[int]) -> bool:
        """Whether after this letter the next one may lie both inside and outside."""
        within = choice.inside if at in choice.inside else choice.first
        inside = outside = 0
        for to in goes:
            if to in within:
                inside |= self.letters[to]
            elif to not in choice.inside:
                outside |= self.letters[to]
        return bool(inside & outside)


def _mask(op: str, body: Any) -> int:
    match op:
        case "ANY":
            return _EVERY ^ (1 << 10)
        case "LITERAL":
            return _bit(body)
        case "NOT_LITERAL":
            return _without(_bit(body))
    found, negated = 0, False
    for kind, inner in body:
        match str(kind):
            case "NEGATE":
                negated = True
            case "LITERAL":
                found |= _bit(inner)
            case "RANGE":
                found |= _range(*inner)
            case _:
                found |= _category(str(inner))
    return _without(found) if negated else found


def _bit(code: int) -> int:
    return 1 << (code if code < 128 else 128 + code % 128)


def _range(low: int, high: int) -> int:
    found = 0
    for code in range(low, min(high, 127) + 1):
        found |= _bit(code)
    if high > 127:
        low = max(low, 128)
        found |= _BEYOND if high - low >= 127 else sum({_bit(code) for code in range(low, high + 1)})
    return found


def _without(mask: int) -> int:
    """Everything else; letters beyond ASCII share bits, so all of them may still be meant."""
    return (_EVERY ^ mask) | _BEYOND


def _category(name: str) -> int:
    spelled = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}
    word = name.rpartition("_")[2]
    letters = re.compile(spelled[word], re.ASCII)
    found = sum(1 << code for code in range(128) if letters.match(chr(code)))
    return _without(found) if "_NOT_" in name else found
