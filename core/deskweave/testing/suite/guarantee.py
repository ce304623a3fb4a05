"""What the suite promises of a connector that passes it: one sentence each, and what a connector must declare to be held to it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pytest

from deskweave.connector import PersonMapper, Plant
from deskweave.model import Visibility

if TYPE_CHECKING:
    from deskweave.testing.suite.ground import Ground

Test = TypeVar("Test", bound=Callable[..., None])


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something a connector declares. `lacks` answers in words why a guarantee is not asked for, or None."""

    en: str
    zh: str
    lacks: Callable[[Ground, str], str | None]


def _declared(test: Callable[[Ground, str], object], words: str) -> Callable[[Ground, str], str | None]:
    return lambda ground, collection: None if test(ground, collection) else f"{collection or 'the connection'}: {words}"


#: By the word tests use. Each reads what the connection itself declares, never a vendor's name.
NEEDS: Final[Mapping[str, Need]] = {
    "hands": Need(
        en="`hands` of the emulator", zh="模拟器的 `hands`", lacks=_declared(lambda g, _: g.hands is not None, "there are no hands")
    ),
    "listing": Need(
        en="`reads`, `changes` filter or scan",
        zh="`reads`，`changes` 为 filter 或 scan",
        lacks=_declared(
            lambda g, c: g.of(c).reads and g.of(c).changes in ("filter", "scan"), "changes is declared neither filter nor scan"
        ),
    ),
    "fetch": Need(
        en="`reads`",
        zh="`reads`",
        lacks=_declared(lambda g, c: g.of(c).reads and g.connection.records is not None, "reads is not declared"),
    ),
    "census": Need(en="`census`", zh="`census`", lacks=_declared(lambda g, c: g.of(c).census, "census is not declared")),
    "history": Need(
        en="`history` full or status",
        zh="`history` 为 full 或 status",
        lacks=_declared(lambda g, c: g.of(c).history != "none", "history is none"),
    ),
    "creates": Need(
        en="`creates`",
        zh="`creates`",
        lacks=_declared(lambda g, c: g.of(c).creates is not None and g.binding.collections[c].creates, "nothing is created here"),
    ),
    "mark": Need(
        en="`creates` stronger than NONE, `find`",
        zh="`creates` 强于 NONE，`find`",
        lacks=_declared(
            lambda g, c: g.of(c).creates not in (None, Plant.NONE) and g.of(c).find != "none", "no mark can be found again"
        ),
    ),
    "repeats": Need(
        en="`creates` UPSERT or KEY",
        zh="`creates` 为 UPSERT 或 KEY",
        lacks=_declared(
            lambda g, c: g.of(c).creates in (Plant.UPSERT, Plant.KEY), "a create may not be repeated, and is declared so"
        ),
    ),
    "patches": Need(en="`patches`", zh="`patches`", lacks=_declared(lambda g, c: g.of(c).patches, "patches is not declared")),
    "statuses": Need(
        en="statuses in the binding",
        zh="绑定中的状态",
        lacks=_declared(lambda g, c: len(g.binding.collections[c].statuses) > 1, "the binding has no statuses"),
    ),
    "conditions": Need(
        en="`conditions`", zh="`conditions`", lacks=_declared(lambda g, c: g.of(c).conditions, "conditions is not declared")
    ),
    "sink": Need(
        en="`sink`",
        zh="`sink`",
        lacks=_declared(lambda g, _: g.connection.sink is not None, "nothing is written"),
    ),
    "messages": Need(
        en="`messages` feed or per_record",
        zh="`messages` 为 feed 或 per_record",
        lacks=_declared(
            lambda g, c: (
                g.connection.messages is not None and g.of(c).messages in ("feed", "per_record") and bool(g.of(c).visibilities)
            ),
            "messages is neither feed nor per_record",
        ),
    ),
    "feed": Need(
        en="`messages` feed",
        zh="`messages` 为 feed",
        lacks=_declared(lambda g, c: g.of(c).messages == "feed", "no feed"),
    ),
    "speaks": Need(
        en="`patches` or `creates`, and messages",
        zh="`patches` 或 `creates`，以及消息",
        lacks=_declared(lambda g, c: g.speaks(c), "messages are read and not written here"),
    ),
    "public": Need(
        en="`visibilities` public",
        zh="`visibilities` 含 public",
        lacks=_declared(lambda g, c: Visibility.PUBLIC in g.of(c).visibilities, "there are no public messages"),
    ),
    "internal": Need(
        en="`visibilities` internal",
        zh="`visibilities` 含 internal",
        lacks=_declared(lambda g, c: Visibility.INTERNAL in g.of(c).visibilities, "there are no internal messages"),
    ),
    "twoway": Need(
        en="`reads`, `creates` with a mark, `patches`",
        zh="`reads`、带标记的 `creates`、`patches`",
        lacks=_declared(lambda g, _: g.crosses is not None, "no collection both lists, creates with a mark and patches"),
    ),
    "crossing": Need(
        en="messages of the collection that crosses",
        zh="参与同步的集合有消息",
        lacks=_declared(lambda g, _: g.crosses is not None and g.speaks(g.crosses), "the collection that crosses has no messages"),
    ),
    "configuration": Need(
        en="`configuration` and `target`",
        zh="`configuration` 与 `target`",
        lacks=_declared(
            lambda g, _: g.connection.configuration is not None and g.connection.target is not None, "nothing is configured by it"
        ),
    ),
    "workflow": Need(
        en="transitions among `configuration.kinds`",
        zh="`configuration.kinds` 含 transition",
        lacks=_declared(
            lambda g, _: g.connection.configuration is not None and "transition" in g.connection.configuration.kinds,
            "it tells no workflow",
        ),
    ),
    "people": Need(en="`people`", zh="`people`", lacks=_declared(lambda g, _: g.connection.people is not None, "people is None")),
    "accounts": Need(
        en="a mapper that writes accounts",
        zh="mapper 可写入帐号",
        lacks=_declared(
            lambda g, c: isinstance(g.mapper, PersonMapper) and g.mapper.takes_accounts(c), "people are text in its fields"
        ),
    ),
    "posts": Need(
        en="`webhooks`, `posts` of the emulator",
        zh="`webhooks`，模拟器的 `posts`",
        lacks=_declared(
            lambda g, _: g.connection.webhooks is not None and getattr(g.running, "posts", None) is not None,
            "no deliveries are taken, or the emulator sends none",
        ),
    ),
    "callback": Need(
        en="`changes` callback, `posts` of the emulator",
        zh="`changes` 为 callback，模拟器的 `posts`",
        lacks=_declared(
            lambda g, c: (
                g.of(c).changes == "callback"
                and g.connection.webhooks is not None
                and getattr(g.running, "posts", None) is not None
            ),
            "its callback is not declared to be the truth",
        ),
    ),
    "rates": Need(en="`rates`", zh="`rates`", lacks=_declared(lambda g, _: g.connection.capabilities.rates, "it states no quotas")),
    "emulator": Need(
        en="an emulator", zh="模拟器", lacks=_declared(lambda g, _: g.emulated, "an instance that is not emulated has no copy")
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    id: str  #: `<chapter>/<name>`
    en: str
    zh: str
    needs: tuple[str, ...]
    faults: tuple[str, ...]  #: words of FAULT_WORDS without which it cannot be asked

    def lacks(self, ground: Ground, collection: str) -> str | None:
        """Why it is not asked of this collection, in words; None: it is demanded."""
        for name in self.needs:
            reason = NEEDS[name].lacks(ground, collection)
            if reason is not None:
                return reason
        for word in self.faults:
            if word not in ground.running.faults.names:
                return f"the emulator cannot show {word}"
        return None


#: What guarantees are about, in English and Chinese; the first word of their ids, in the order one builds a connector.
CHAPTERS: Final[Mapping[str, tuple[str, str]]] = {
    "reading": ("Reading", "读取"),
    "writing": ("Writing", "写入"),
    "faults": ("Faults", "故障"),
    "messages": ("Messages", "消息"),
    "callback": ("Callback", "回调"),
    "identity": ("Identity", "实例识别"),
    "configuration": ("Configuration", "配置"),
    "mapping": ("Mapping", "映射"),
    "text": ("Text", "文本"),
    "people": ("People", "人员"),
    "twoway": ("Two-way", "双向"),
}
#: All there are, by id.
GUARANTEES: Final[dict[str, Guarantee]] = {}


def guarantee(id_: str, *, en: str, zh: str, needs: str = "", faults: str = "") -> Callable[[Test], Test]:
    """A test of the suite: demanded where the connector declares what it needs, skipped with the reason elsewhere."""
    made = Guarantee(id=id_, en=en, zh=zh, needs=tuple(needs.split()), faults=tuple(faults.split()))
    assert id_ not in GUARANTEES, id_
    GUARANTEES[id_] = made

    def wrap(test: Test) -> Test:
        of_a_collection = "collection" in inspect.signature(test).parameters

        @functools.wraps(test)
        def run(self: Any, ground: Ground, collection: str = "") -> None:
            reason = made.lacks(ground, collection)
            if reason is not None:
                pytest.skip(reason)
            try:
                test(self, ground, *([collection] if of_a_collection else []))
            finally:
                ground.running.faults.disarm()

        run.guarantee = made  # type: ignore[attr-defined]
        return run  # type: ignore[return-value]

    return wrap
