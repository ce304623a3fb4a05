"""What is offered (practice B): the catalog in the columns of B1, its classifications, the client's business systems."""

from __future__ import annotations

from collections import Counter

from deskweave.model import CatalogItem
from deskweave.practice.handbook.tree import Row, Section, cell, group, row, section, table
from deskweave.practice.handbook.voice import Voice


def chapter(voice: Voice) -> Section | None:
    practice = voice.practice
    said = {
        slug: body
        for _, document in voice.documents("Catalog")
        for category in document.get("categories", {}).values()
        for service in category.get("services", {}).values()
        for slug, body in service.get("items", {}).items()
    }
    rows: list[Row] = []
    category = None
    for item in practice.catalog.values():
        if item.category != category:
            category = item.category
            rows.append(group(voice.colon(voice("Service category", "服务类别"), voice.label(item.category_label, item.category))))
        rows.append(
            row(
                voice.label(item.service_label, item.service),
                voice.term(item.label, item.slug, said.get(item.slug)),
                voice.role(item.served),
                cell(_classification(voice, item), notes=[_stream(voice, item)]),
                voice.channels(item.channels),
                _delivery(voice, item),
                cell(voice.calendar(item.hours) if item.hours else "", notes=[_level(voice, item)]),
                _offered(voice, item),
                voice.text(item.remarks),
            )
        )
    heads = (
        voice("Service name", "服务名称"),
        voice("Service item", "服务项"),
        voice("Served party", "服务对象"),
        voice("Classification", "分类"),
        voice("Channels", "服务渠道"),
        voice("Delivery", "服务方式"),
        voice("Service level", "服务级别"),
        voice("Offered to", "适用范围"),
        voice("Remarks", "备注"),
    )
    return section(
        "catalog",
        voice("Service catalog", "服务目录（问询分类）"),
        [table(heads, rows, keep=(1, 2, 3, 4, 5, 6, 8))],
        [_classifications(voice), _systems(voice)],
    )


def _classification(voice: Voice, item: CatalogItem) -> str:
    found = voice.practice.classifications.get(item.classification or "")
    return voice.label(found.label if found else None, item.classification or "")


def _delivery(voice: Voice, item: CatalogItem) -> str:
    words = {"on_site": ("on site", "现场"), "remote": ("remote", "远程")}
    return "/".join(voice.word(words, one) for one in item.delivery)


def _level(voice: Voice, item: CatalogItem) -> str:
    level = voice.practice.service_levels.get(item.service_level or "")
    return voice.label(level.label if level else None, item.service_level or "")


def _stream(voice: Voice, item: CatalogItem) -> str:
    return voice.colon(voice("value stream", "价值流"), voice.value("stream", item.stream)) if item.stream else ""


def _offered(voice: Voice, item: CatalogItem) -> list[str]:
    return [
        voice.when(item.entitled) if item.entitled is not None else "",
        voice("While in stock", "有库存时提供") if item.stock else "",
    ]


def _classifications(voice: Voice) -> Section | None:
    used = Counter(item.classification for item in voice.practice.catalog.values())
    said = {slug: body for _, document in voice.documents("Catalog") for slug, body in document.get("classifications", {}).items()}
    rows = (
        row(
            voice.term(one.label, slug, said.get(slug)),
            str(used[slug]),
            voice.list(
                voice.label(item.label, item.slug) for item in voice.practice.catalog.values() if item.classification == slug
            ),
        )
        for slug, one in voice.practice.classifications.items()
    )
    heads = (voice("Classification", "分类"), voice("Items", "服务项数"), voice("Service items", "服务项"))
    return section("classifications", voice("Classifications", "分类"), [table(heads, rows, centred=(1,))])


def _systems(voice: Voice) -> Section | None:
    rows = (row(voice.label(one.label, slug), cell("", code=slug)) for slug, one in voice.practice.systems.items())
    heads = (voice("Business system", "业务系统"), voice("Name in files", "标识"))
    return section("systems", voice("Business systems", "业务系统"), [table(heads, rows)])
