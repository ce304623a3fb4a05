"""What each platform cannot hold of the practice (practice M2), and what people do there by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from deskweave.model import Label
from deskweave.practice.handbook.edition import Edition, Limit, Platform
from deskweave.practice.handbook.tree import Block, Section, cell, row, say, section, table
from deskweave.practice.handbook.voice import Voice

_SHOWN = 6  #: elements named for one limit


class _Labelled(Protocol):
    @property
    def label(self) -> Label: ...


def chapter(voice: Voice, edition: Edition) -> Section | None:
    if edition.platforms is None:
        return None
    about = voice(
        "Some of the practice no public interface of a platform can make or keep. What is done by hand has a number, which stays "
        "with it.",
        "平台的公开接口无法实现或保存实践中的部分内容。需手工完成的步骤都有编号，编号不变。",
    )
    if not edition.platforms:
        about = voice("No platform is connected yet.", "尚未连接任何平台。")
    return section(
        "platforms",
        voice("What the platforms cannot hold", "平台无法保存的内容与手工步骤"),
        [say(about), say(_partly(voice, edition.platforms), "note")],
        [_platform(voice, one) for one in edition.platforms],
    )


def _partly(voice: Voice, platforms: Sequence[Platform]) -> str:
    if all(one.whole or one.limits is None or one.failed for one in platforms):
        return ""
    return voice(
        "Only the numbered steps are named here, as they are registered. How each is done, and what is kept in a narrower form, "
        "stands "
        "in a document that was made with a saved plan: deskweave practice render --plan FILE",
        "此处仅列出已登记的编号步骤。操作方法及简化保存的内容，见使用已保存计划生成的文档：deskweave practice render --plan 文件",
    )


def _platform(voice: Voice, one: Platform) -> Section | None:
    title = voice.aside(one.connection, one.address) if one.address else one.connection
    return section(f"platform-{one.connection}", title, _blocks(voice, one), _parts(voice, one))


def _blocks(voice: Voice, one: Platform) -> list[Block | None]:
    if one.failed:
        return [say(voice("It could not be read when it was planned: {why}", "计划时无法读取：{why}", why=one.failed))]
    if one.limits is None:
        return [say(voice("Not planned yet: deskweave plan", "尚未计划：deskweave plan"))]
    notes = []
    if not one.limits:
        notes.append(
            voice("Nothing: everything the practice asks for is held.", "无：实践要求的内容平台均可保存。")
            if one.whole
            else voice("No step is to be done by hand.", "没有需要手工完成的步骤。")
        )
    return [say(note, "note") for note in notes]


def _parts(voice: Voice, one: Platform) -> list[Section | None]:
    key = f"platform-{one.connection}"
    limits = one.limits or ()
    hand = [limit for limit in limits if limit.degree == "by_hand"]
    still = [limit for limit in hand if limit.done_by is None]
    done = [limit for limit in hand if limit.done_by is not None]
    heads = (voice("No.", "编号"), voice("What", "内容"), voice("How", "操作"), voice("Where", "位置"))
    rows = (
        row(limit.number, cell(limit.what, notes=[_concerns(voice, limit)]), _how(voice, limit), limit.where or "")
        for limit in still
    )
    finished = (
        row(
            limit.number,
            limit.what,
            cell(
                voice("{by}, {on}", "{by}，{on}", by=limit.done_by, on=limit.done_on) if limit.done_on else limit.done_by or "",
                notes=[limit.note or ""],
            ),
        )
        for limit in done
    )
    return [
        section(f"{key}-open", voice("To be done by hand", "待手工完成"), [table(heads, rows)]),
        section(
            f"{key}-done",
            voice("Done by hand", "已手工完成"),
            [table((voice("No.", "编号"), voice("What", "内容"), voice("Done by", "完成人")), finished)],
        ),
        section(
            f"{key}-narrowed",
            voice("Kept in a narrower form", "简化保存"),
            [_lost(voice, [limit for limit in limits if limit.degree == "narrowed"])],
        ),
        section(
            f"{key}-impossible",
            voice("Not possible there", "平台无法实现"),
            [_lost(voice, [limit for limit in limits if limit.degree == "impossible"])],
        ),
    ]


def _lost(voice: Voice, limits: Sequence[Limit]) -> Block | None:
    rows = (row(cell(limit.what, notes=[_concerns(voice, limit)]), _how(voice, limit), limit.where or "") for limit in limits)
    return table((voice("What", "内容"), voice("Instead", "替代做法"), voice("Where", "位置")), rows)


def _how(voice: Voice, limit: Limit) -> str:
    return voice.text(limit.steps)


def _concerns(voice: Voice, limit: Limit) -> str:
    if not limit.elements:
        return ""
    shown = voice.list(element(voice, path) for path in limit.elements[:_SHOWN])
    rest = len(limit.elements) - _SHOWN
    if rest > 0:
        shown = voice("{shown} and {n} more", "{shown}等，另有 {n} 项", shown=shown, n=rest)
    return voice.colon(voice("Concerns", "涉及"), shown)


def element(voice: Voice, path: str) -> str:
    """An element's path (`catalog/vpn`, `fields/channel/choices/phone`) by its label.

    One the practice no longer has stands as it was written.
    """
    head, _, rest = path.partition("/")
    slug, _, choice = rest.partition("/choices/")
    practice = voice.practice
    kinds: Mapping[str, Mapping[str, _Labelled]] = {
        "fields": {str(name): field for name, field in practice.fields.items()},
        "catalog": practice.catalog,
        "statuses": practice.statuses.statuses,
        "transitions": practice.statuses.transitions,
        "calendars": practice.calendars,
        "clocks": practice.clocks,
        "metrics": practice.metrics,
    }
    found = kinds.get(head, {}).get(slug)
    if found is None:
        return path
    said = voice.label(found.label, slug)
    return voice.colon(said, voice.value(slug, choice)) if choice else said
