"""Columns a table may have: their headings in both languages, and how people call them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from deskweave.model import Label

_LANGUAGES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("en", "english", "英文", "英语"), "en"),
    **dict.fromkeys(("zh", "chinese", "中文", "汉语"), "zh"),
}
_IN_BRACKETS: Final = re.compile(r"[(\[【〔]([^)\]】〕]*)[)\]】〕]$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        key: what it holds, a key of the term it belongs to (`label`, `channels`).
        term: whose key it is: `category`, `service`, `item`, `system` ...; several stand in one row of the catalog.
        title: heading by language.
        aliases: other headings that mean it.
        spoken: it holds words of one language, so there is one for each.
        what: the sort of term its cells name, as findings call it (`channel`); empty: its cells are no references.
        many: a cell may name several.
        rare: exported only where something stands in it.
    """

    key: str
    term: str
    title: Label
    aliases: tuple[str, ...] = ()
    spoken: bool = False
    what: str = ""
    many: bool = False
    rare: bool = False

    def heading(self, reader: str, language: str | None = None) -> str:
        """Its heading for a reader; words of another language than the reader's say which."""
        title = self.title.get(reader) or self.title["en"]
        return title if language in (None, reader) else f"{title} ({language})"


@lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """A text as it is compared: width, case, blanks and the sign of multiplication make no difference (`５×8` is `5x8`)."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"(?<=\d)[*×✕](?=\d)", "x", re.sub(r"\s+", "", text))


def recognised(heading: str, columns: Iterable[Column], languages: Iterable[str]) -> tuple[Column, str | None] | None:
    """The column a heading means, and the language of its words (None: the heading's own, or no words).

    `服务项*`, `服务项（必填）`, `服务项 (en)`, `英文服务项` all mean the service item.
    """
    known = {word: column for column in columns for word in _words(column)}
    spoken = {**_LANGUAGES, **{language.casefold(): language for language in languages}}
    text = normal(heading).strip("*:").removesuffix("必填")
    language: str | None = None
    found = known.get(text)
    if found is None and (match := _IN_BRACKETS.search(text)):
        inner = match[1].strip("*")
        language = spoken.get(inner)
        found = known.get(text[: match.start()].strip("*:"))
        if found is not None and inner in spoken and not found.spoken:
            return None
    if found is None:
        for word, code in _LANGUAGES.items():
            if text.startswith(word) and (bare := known.get(text.removeprefix(word))) is not None and bare.spoken:
                found, language = bare, code
    if found is None:
        return None
    if language is None and found.spoken:
        chinese = any("\u4e00" <= sign <= "\u9fff" for sign in text)
        language = "zh" if chinese else "en"
        known_languages = list(languages)
        if known_languages and language not in known_languages:
            language = known_languages[0]
    return found, language


def _words(column: Column) -> set[str]:
    return {normal(word) for word in (*column.title.values(), *column.aliases)}


def _of(term: str, en: str, zh: str, key: str, title: tuple[str, str], *aliases: str, spoken: bool = False) -> Column:
    return Column(
        key=key,
        term=term,
        title={"en": f"{en} {title[0]}".strip().capitalize(), "zh": f"{zh}{title[1]}"},
        aliases=aliases,
        spoken=spoken,
        rare=key in ("description", "was", "ours") or (term, key) == ("system", "slug"),
    )


def _beside(term: str, en: str, zh: str) -> tuple[Column, ...]:
    """What every term may say besides its name."""
    return (
        _of(term, en, zh, "description", ("description", "说明"), f"{zh}描述", spoken=True),
        _of(term, en, zh, "was", ("formerly", "原标识"), f"{en} was"),
        _of(term, en, zh, "ours", ("ours", "自定")),
    )


def _term(term: str, en: str, zh: str, *aliases: str) -> tuple[Column, ...]:
    """The columns of a table of one sort of term."""
    label = Column(key="label", term=term, title={"en": en.capitalize(), "zh": zh}, aliases=aliases, spoken=True)
    slug = Column(key="slug", term=term, title={"en": "Slug", "zh": "标识"}, aliases=(f"{zh}标识", f"{en} slug"))
    return (slug, label, *_beside(term, "", ""))


SYSTEMS: Final = _term(
    "system", "business system", "业务系统", "系统名称", "业务系统名称", "应用系统", "系统", "system", "name", "名称"
)
SKILLS: Final = _term("skill", "skill", "技能", "技能名称", "技能项", "name", "名称")
CLASSIFICATIONS: Final = _term("classification", "classification", "分类", "分类名称", "问询分类", "问题分类", "name", "名称")

CATALOG: Final[tuple[Column, ...]] = (
    Column(
        key="label", term="category", title={"en": "Service category", "zh": "服务类别"}, spoken=True,
        aliases=("服务大类", "服务分类", "服务目录", "类别", "一级目录", "category"),
    ),
    Column(
        key="label", term="service", title={"en": "Service name", "zh": "服务名称"}, spoken=True,
        aliases=("服务", "二级目录", "service"),
    ),
    Column(
        key="label", term="item", title={"en": "Service item", "zh": "服务项"}, spoken=True,
        aliases=("服务项目", "服务项名称", "服务条目", "三级目录", "服务内容", "item", "catalog item"),
    ),
    Column(
        key="label", term="system", title={"en": "Business system", "zh": "业务系统"}, spoken=True, rare=True,
        aliases=("系统名称", "业务系统名称", "所属系统", "应用系统", "system"),
    ),
    Column(
        key="served", term="item", title={"en": "Served party", "zh": "服务对象"}, what="role",
        aliases=("服务用户", "适用人员", "served"),
    ),
    Column(
        key="classification", term="item", title={"en": "Classification", "zh": "分类"}, what="classification",
        aliases=("问询分类", "分类名称", "问题分类", "工单分类"),
    ),
    Column(
        key="channels", term="item", title={"en": "Channels", "zh": "服务渠道"}, what="channel", many=True,
        aliases=("渠道", "受理渠道", "申请渠道", "channel", "service channels"),
    ),
    Column(
        key="delivery", term="item", title={"en": "Delivery", "zh": "服务方式"}, what="way", many=True,
        aliases=("支持方式", "交付方式", "service delivery"),
    ),
    Column(
        key="hours", term="item", title={"en": "Service hours", "zh": "服务级别"}, what="calendar",
        aliases=("服务时间", "服务时段", "支持时间", "hours"),
    ),
    Column(key="remarks", term="item", title={"en": "Remarks", "zh": "备注"}, spoken=True, aliases=("remark", "note", "notes")),
    Column(
        key="stream", term="item", title={"en": "Value stream", "zh": "价值流"}, what="value stream", aliases=("stream",),
    ),
    Column(
        key="service_level", term="item", title={"en": "Promised level", "zh": "承诺级别"}, what="service level",
        aliases=("SLA", "SLA级别", "service level"),
    ),
    Column(
        key="asks", term="item", title={"en": "Form asks", "zh": "表单询问"}, what="field", many=True,
        aliases=("asks", "表单字段"),
    ),
    Column(key="stock", term="item", title={"en": "From stock", "zh": "依库存提供"}, rare=True, aliases=("stock",)),
    Column(key="entitled", term="item", title={"en": "Entitled", "zh": "享有条件"}, rare=True),
    _of("item", "item", "服务项", "slug", ("slug", "标识"), "slug", "标识"),
    _of("service", "service", "服务名称", "slug", ("slug", "标识"), "服务标识"),
    _of("category", "category", "服务类别", "slug", ("slug", "标识"), "类别标识"),
    _of("system", "system", "业务系统", "slug", ("slug", "标识"), "系统标识"),
    *_beside("item", "item", "服务项"),
    *_beside("service", "service", "服务名称"),
    *_beside("category", "category", "服务类别"),
)  # fmt: skip

PEOPLE: Final[tuple[Column, ...]] = (
    Column(key="key", term="person", title={"en": "Key", "zh": "编号"}, aliases=("工号", "员工编号", "employee number")),
    Column(key="name", term="person", title={"en": "Name", "zh": "姓名"}, aliases=("人员", "员工姓名", "名字", "full name")),
    Column(
        key="email", term="person", title={"en": "E-mail", "zh": "邮箱"}, aliases=("email", "mail", "电子邮件", "邮件", "电子邮箱"),
    ),
    Column(
        key="groups", term="person", title={"en": "Groups", "zh": "处理组"}, what="group", many=True,
        aliases=("组", "支持组", "所属组", "技能组", "group"),
    ),
    Column(
        key="skills", term="person", title={"en": "Skills", "zh": "技能"}, what="skill", many=True, aliases=("技能项", "skill"),
    ),
)  # fmt: skip
"""Accounts stand in columns of their own, one for each connection: `account servicenow`, `servicenow 账号`."""
