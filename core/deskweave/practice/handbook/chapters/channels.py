"""How users and desk reach each other (practice B3, P): channels, how convenient they are, what helps, which delivery fits."""

from __future__ import annotations

from deskweave.model import TRAITS
from deskweave.practice.handbook.tree import Section, cell, points, row, say, section, table
from deskweave.practice.handbook.voice import Voice


def trait(voice: Voice, name: str) -> str:
    """A trait of a channel (P1) as a word."""
    words = {
        "accessible": ("Accessible", "可访问性"),
        "assured": ("Assured", "保障性"),
        "available": ("Available", "可用性"),
        "context_aware": ("Context-aware", "情境智能化"),
        "emotionally_aligned": ("Emotionally aligned", "情感一致性"),
        "familiar": ("Familiar", "熟悉度"),
        "integrated": ("Integrated", "整合性"),
        "usable": ("Usable", "易用性"),
    }
    return voice.word(words, name)


def reliability(voice: Voice, name: str) -> str:
    return voice("assured", "有保障送达") if name == "assured" else voice("ordinary", "普通")


def chapter(voice: Voice) -> Section | None:
    return section(
        "channels",
        voice("Channels", "沟通渠道"),
        [],
        [_list(voice), _traits(voice), _challenges(voice), _weighs(voice), _delivery(voice)],
    )


def _list(voice: Voice) -> Section | None:
    uses = {
        "both": voice("in and out", "接入与送达"),
        "intake": voice("in", "仅接入"),
        "delivery": voice("out", "仅送达"),
    }
    served = {"human": voice("people", "人工"), "technical": voice("technology", "技术")}
    rows = (
        row(
            voice.term(one.label, slug),
            uses[one.use],
            served.get(one.served_by or "", ""),
            reliability(voice, one.reliability),
            voice.text(one.description),
        )
        for slug, one in voice.practice.channels.items()
    )
    heads = (
        voice("Channel", "渠道"),
        voice("Use", "用途"),
        voice("Served by", "服务主体"),
        voice("Delivery", "送达可靠性"),
        voice("Description", "说明"),
    )
    return section("channel-list", voice("Channels", "渠道清单"), [table(heads, rows)])


def _traits(voice: Voice) -> Section | None:
    rated = {slug: one for slug, one in voice.practice.channels.items() if one.traits}
    rows = (
        row(
            cell(voice.channel(slug), notes=[voice.day(one.rated_on)] if one.rated_on else []),
            *((voice.yes(one.traits[name]) if name in one.traits else "-") for name in TRAITS),
            str(sum(one.traits.values())),
        )
        for slug, one in rated.items()
    )
    heads = (voice("Channel", "渠道"), *(trait(voice, name) for name in TRAITS), voice("Sum", "合计"))
    about = voice("Each channel is rated by eight traits of convenience.", "每个渠道按八项便利性特征评定。")
    if any(one.rated_on for one in rated.values()):
        dated = voice("The date of the rating stands under the channel's name.", "评定日期列于渠道名称之下。")
        about = voice.sentences(about, dated)
    unrated = [voice.channel(slug) for slug in voice.practice.channels if slug not in rated]
    rest = voice.colon(voice("Not rated", "尚未评定"), voice.list(unrated)) if unrated and rated else ""
    return section(
        "traits",
        voice("Convenience", "便利性评定"),
        [say(about), table(heads, rows, keep=range(len(heads)), centred=range(1, len(heads))), say(rest, "note")] if rated else [],
    )


def _challenges(voice: Voice) -> Section | None:
    """Challenges with their remedies; one that several channels share stands once."""
    shared: dict[tuple[str, str], list[str]] = {}
    for slug, one in voice.practice.channels.items():
        for name, challenge in one.challenges.items():
            shared.setdefault((voice.label(challenge.label, name), voice.text(challenge.remedy)), []).append(voice.channel(slug))
    rows = (row(what, remedy, voice.list(channels)) for (what, remedy), channels in shared.items())
    heads = (voice("What is hard", "挑战"), voice("What helps", "应对措施"), voice("Channels", "渠道"))
    return section("challenges", voice("Challenges and remedies", "挑战与应对"), [table(heads, rows)])


def _weighs(voice: Voice) -> Section | None:
    weighed = {slug: body or {} for _, document in voice.documents("Channels") for slug, body in document.get("weighs", {}).items()}
    items = []
    for slug, body in weighed.items():
        name, about = voice.label(body.get("label"), slug), voice.text(body.get("description"))
        items.append(voice.colon(name, about) if about else name)
    return section("channel-choice", voice("What the choice of a channel weighs", "选择渠道时的考虑因素"), [points(items)])


def _delivery(voice: Voice) -> Section | None:
    rows = (
        row(
            str(place),
            cell(voice.label(rule.label, rule.slug) if rule.label else "", code=rule.slug),
            voice.list(voice.occasion(one) for one in rule.occasions) or voice("any", "任意"),
            voice.roles(rule.audience) or voice("anyone", "任何人"),
            reliability(voice, rule.reliability),
            cell(voice.channels(rule.channels), notes=[voice.text(rule.description)]),
        )
        for place, rule in enumerate(voice.practice.delivery, 1)
    )
    heads = (
        voice("No.", "序号"),
        voice("Rule", "规则"),
        voice("Messages", "消息"),
        voice("To", "接收人"),
        voice("Reliability", "可靠性"),
        voice("Channels, in order of preference", "渠道（按优先顺序）"),
    )
    return section("delivery", voice("Which delivery fits which message", "消息送达规则"), [table(heads, rows, centred=(0,))])
