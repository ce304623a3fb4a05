"""A practice and its edition to the tree of the handbook: cover, revisions, and the chapters in the order they are read."""

from __future__ import annotations

from deskweave.practice.handbook.chapters import (
    catalog,
    channels,
    clocks,
    feedback,
    glossary,
    hours,
    inquiry,
    levels,
    limits,
    messages,
    metrics,
    organisation,
    origin,
    platforms,
    priority,
    problems,
    processes,
    purpose,
    statuses,
)
from deskweave.practice.handbook.edition import Edition
from deskweave.practice.handbook.tree import Block, Book, Cover, Signatory, numbered, row, say, table
from deskweave.practice.handbook.voice import Voice
from deskweave.practice.practice import Practice


def book(practice: Practice, edition: Edition, language: str) -> Book:
    """The handbook of a practice.

    Args:
        practice: composed and checked.
        edition: who, when, which version, and what is known of the platforms.
        language: en or zh; another one is read as English.
    """
    voice = Voice(practice, language)
    name = voice.label(practice.label, practice.id)
    version = edition.version or practice.version
    client = edition.client or name
    title = voice("{name}: practice handbook", "{name}实践手册", name=name)
    return Book(
        language=voice.language,
        title=title if client == name else f"{client} - {title}",
        running=voice("{title}, {version}", "{title}，{version}", title=title, version=version),
        cover=_cover(voice, edition, client, title, version),
        revisions_title=voice("Revisions", "修订记录"),
        revisions=_revisions(voice, edition),
        contents_title=voice("Contents", "目录"),
        chapters=numbered(
            (
                purpose.chapter(voice),
                inquiry.chapter(voice),
                catalog.chapter(voice),
                statuses.chapter(voice),
                feedback.chapter(voice),
                hours.chapter(voice, edition),
                clocks.chapter(voice),
                levels.chapter(voice),
                priority.chapter(voice),
                organisation.chapter(voice),
                channels.chapter(voice),
                processes.chapter(voice),
                messages.chapter(voice),
                metrics.chapter(voice),
                problems.chapter(voice),
                glossary.chapter(voice),
                platforms.chapter(voice, edition),
                origin.chapter(voice),
                limits.chapter(voice),
            )
        ),
    )


def _cover(voice: Voice, edition: Edition, client: str, title: str, version: str) -> Cover:
    practice = voice.practice
    said = version
    if edition.changed:
        said = voice.aside(version, voice("with changes that are not committed", "含未提交的改动"))
    elif edition.version is None:
        said = voice.aside(
            version, voice("the practice's own number; not under version control", "实践自身的版本号；未纳入版本控制")
        )
    facts = [
        (voice("Version", "版本"), said),
        (voice("Date", "日期"), voice.moment(edition.now)),
        (voice("Author", "编制人"), edition.author),
        (voice("Environment", "环境"), edition.environment or ""),
        (voice("Practice", "实践"), f"{practice.id} {practice.version}"),
        (voice("Time zone", "时区"), practice.zone),
        (voice("Digest", "内容摘要"), practice.digest),
    ]
    lines = (
        voice("Name", "姓名"),
        voice("Position", "职务"),
        voice("Signature", "签字"),
        voice("Date", "日期"),
    )
    return Cover(
        client="" if client == voice.label(practice.label, practice.id) else client,
        title=title,
        subtitle=voice.about("Practice", practice.id),
        facts=tuple((name, value) for name, value in facts if value),
        agreement=voice(
            "With their signatures both sides accept the practice stated in this document, identified by version and digest, "
            "as the basis of the service desk's work.",
            "双方签字即表示认可本文件所述的实践（以版本和内容摘要为准），并以此作为服务台工作的依据。",
        ),
        signatories=(
            Signatory(party=voice("For the client", "客户方"), lines=lines),
            Signatory(party=voice("For the service provider", "服务提供方"), lines=lines),
        ),
    )


def _revisions(voice: Voice, edition: Edition) -> tuple[Block, ...]:
    found: list[Block | None] = []
    if edition.revisions is None:
        found.append(
            say(
                voice(
                    "The practice is not under version control: there are no earlier revisions to name.",
                    "本实践未纳入版本控制，没有可列出的历史修订。",
                ),
                "note",
            )
        )
    elif not edition.revisions:
        found.append(say(voice("No revision has been tagged yet.", "尚未标记任何修订版本。"), "note"))
    else:
        heads = (voice("Version", "版本"), voice("Date", "日期"), voice("Author", "编制人"), voice("What changed", "修订内容"))
        found.append(
            table(
                heads,
                (row(one.version, voice.moment(one.date), one.author, one.subject) for one in edition.revisions),
                keep=range(4),
            )
        )
    return tuple(block for block in found if block is not None)
