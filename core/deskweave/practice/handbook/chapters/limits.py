"""What this document does not say, and what of the practice is not settled: counted, never guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deskweave.practice.handbook.tree import Section, points, section
from deskweave.practice.handbook.voice import Voice


def chapter(voice: Voice) -> Section | None:
    practice = voice.practice
    own = sum(1 for body in practice.documents.values() for _ in _ours(body))
    untold = sorted(
        {
            language
            for body in practice.documents.values()
            for label in _labels(body)
            for language in practice.languages
            if language not in label
        }
    )
    aimless = [voice.label(one.label, one.id) for one in practice.metrics.values() if one.target is None or one.target.goal is None]
    unrated = [slug for slug, one in practice.channels.items() if not one.traits]
    said = [
        voice(
            "Names of people stand in no practice: who belongs to a group is kept in the folder's people.csv and on the platforms.",
            "实践中不记录人名：各组成员由目录中的 people.csv 和各平台维护。",
        ),
        voice(
            "{count} terms marked with a star, and their rules, are this practice's own design; the published sources are silent "
            "there.",
            "标有星号的 {count} 处为本实践自行设计，公开资料未作规定。",
            count=own,
        )
        if own
        else "",
        voice(
            "{count} figures have no agreed target yet and are reported without a verdict: {names}.",
            "{count} 项指标尚未约定目标，只报告数值、不作评判：{names}。",
            count=len(aimless),
            names=voice.list(aimless),
        )
        if aimless
        else "",
        voice(
            "{count} of {all} channels are not rated for convenience yet.",
            "{all} 个渠道中有 {count} 个尚未评定便利性。",
            count=len(unrated),
            all=len(practice.channels),
        )
        if unrated
        else "",
        voice(
            "Some labels are missing in {languages}; another language stands in for them: deskweave practice lint names them.",
            "部分名称缺少 {languages} 文本，以其他语言代替；可用 deskweave practice lint 查看。",
            languages=voice.list(untold),
        )
        if untold
        else "",
        voice(
            "Holidays are known to {day}; goals beyond it are provisional.",
            "节假日数据截至{day}；此后的时限为暂定。",
            day=voice.list(dict.fromkeys(voice.day(one.until) for one in practice.holidays.values()), "and"),
        )
        if practice.holidays
        else "",
    ]
    return section("limits", voice("Limits of this document", "本文件的局限"), [points(said)])


def _ours(value: Mapping[str, Any]) -> Iterator[bool]:
    if value.get("ours") is True:
        yield True
    for item in value.values():
        if isinstance(item, Mapping):
            yield from _ours(item)


def _labels(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key, item in value.items():
        if isinstance(item, Mapping):
            if key == "label" and all(isinstance(words, str) for words in item.values()):
                yield item
            else:
                yield from _labels(item)
