"""The texts a new folder begins with: thin files whose comments show what can be said, in the desk's language.

In them `##` explains, and `# ` stands before an example: without it the line is good YAML of that document, as a test holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

SCHEMA_FOLDER: Final = ".deskweave/schema"
PACK: Final = "deskweave:service-desk@1"

GITIGNORE: Final = """# Secrets and state: never committed. Lock files (bindings/*.lock.yaml) and by-hand/ are.
.env
.env.*
!.env.example
.deskweave/
"""

EDITOR_SETTINGS: Final = (
    json.dumps(
        {
            "yaml.schemas": {
                f"./{SCHEMA_FOLDER}/workspace.schema.json": ["deskweave.yaml"],
                f"./{SCHEMA_FOLDER}/document.schema.json": ["practice/**/*.yaml"],
                f"./{SCHEMA_FOLDER}/binding.schema.json": ["bindings/*.yaml", "!bindings/*.lock.yaml"],
            }
        },
        indent=2,
    )
    + "\n"
)
"""`.vscode/settings.json`: every document of a file is checked, also the second one, which a `$schema=` line does not reach."""

#: file -> kind, id, what it is for (en, zh), example
_FILES: Final[Mapping[str, tuple[str, str, str, str, str]]] = {
    "fields": (
        "Fields",
        "inquiry",
        "What an inquiry holds; here only what differs from the pack.",
        "问询工单的字段；此处只写与实践包不同之处。",
        """\
fields:
  cost_center:
    label: {en: Cost centre, zh: 成本中心}
    type: text
    entry: typed
    writers: [agent]
    constraints: {pattern: "^CC-[0-9]{4}$"}
  problem_category: {choices: {network: {label: {en: Network, zh: 网络}}}}
remove: [fields/user_scenario]
""",
    ),
    "catalog": (
        "Catalog",
        "services",
        "What the desk offers. A spreadsheet can fill it: deskweave practice import catalog.xlsx",
        "服务台提供的服务。可由表格导入：deskweave practice import catalog.xlsx",
        """\
systems:
  erp: {label: {en: ERP, zh: 企业资源计划}}
categories:
  desktop_operations:
    services:
      os_failure_handling:
        items:
          slow_computer:
            label: {en: Slow computer, zh: 电脑运行缓慢}
            classification: os_install_and_failure
            served: user
            stream: incident
            channels: [feishu, phone]
            delivery: [remote, on_site]
            hours: cn_5x8
            service_level: standard
""",
    ),
    "statuses": (
        "StatusModel",
        "inquiry",
        "Statuses, and who may move an inquiry from one to the next.",
        "状态，以及谁可以流转。",
        """\
statuses:
  waiting_on_supplier: {label: {en: Waiting on supplier, zh: 待供应商}, phase: waiting, waits_on: third_party}
transitions:
  ask_supplier: {label: {en: Ask the supplier, zh: 询问供应商}, from: [in_progress], to: waiting_on_supplier, by: [agent]}
  supplier_answers: {label: {en: Supplier answers, zh: 供应商回复}, from: [waiting_on_supplier], to: in_progress, by: [agent]}
""",
    ),
    "clocks": (
        "Clock",
        "first_response",
        "How long things may take: hours, minutes and seconds of working time.",
        "时限：按工作时间计，写作小时、分、秒。",
        "goal: PT10M\n",
    ),
    "calendars": (
        "Calendar",
        "cn_5x8",
        "Working hours. A version counts from its date on and is never edited afterwards: add the next one.",
        "工作时间。版本自其日期起生效，生效后不再修改，只添加新版本。",
        """\
versions:
  - from: 2016-01-01
    week: {mon: &day [["09:00", "12:00"], ["13:00", "18:00"]], tue: *day, wed: *day, thu: *day, fri: *day}
  - from: 2027-01-01
    week: {mon: &early [["08:30", "12:00"], ["13:00", "17:30"]], tue: *early, wed: *early, thu: *early, fri: *early}
""",
    ),
    "kpis": (
        "Metric",
        "first_response_on_time",
        "Key figures: a target of your own here, a new figure in a document of its own.",
        "指标：此处改目标值，新指标另写一份文档。",
        "target: {better: higher, goal: 0.95, warn: 0.9}\n",
    ),
    "routing": (
        "Routing",
        "routing",
        "Who takes what: groups, and rules that are tried by their order.",
        "分派：支持组与按顺序尝试的规则。",
        """\
groups:
  erp_support: {label: {en: ERP support, zh: ERP支持组}, tier: second_line}
assignment:
  erp: {order: 20, when: {system_module: {eq: business_system}}, to: erp_support}
""",
    ),
    "templates": (
        "Template",
        "resolved_confirmation",
        "What users are told. {field} stands for a value of the inquiry; deskweave practice lint finds what cannot be filled.",
        "发给用户的消息。{字段} 代表工单中的值；无法填充之处由 deskweave practice lint 指出。",
        """\
subject: {en: "Solved: {title}", zh: "已解决：{title}"}
""",
    ),
}
_INHERITED: Final = {
    "en": "what is not said here is as it is there: deskweave practice show",
    "zh": "未写之处与其相同：deskweave practice show",
}
_EXAMPLES: Final = {
    "en": "## Lines with one # are examples: take the # away and they count.",
    "zh": "## 带一个 # 的行是示例：去掉 # 即生效。",
}


def practice_texts(id: str, language: str, zone: str, label: Mapping[str, str]) -> dict[str, str]:
    """File name to text of a practice that says nothing yet but its name, and shows how to say more.

    Args:
        id: slug of the practice.
        language: of the comments, `en` or `zh`.
        zone: IANA name.
        label: the practice's name by language; what is missing is made from `id`.
    """
    name = {"en": label.get("en") or f"{id} service desk", "zh": label.get("zh") or f"{id} 服务台"}
    languages = [language, *(other for other in ("en", "zh") if other != language)]
    texts = {
        "practice.yaml": _head("practice")
        + f"""kind: Practice
id: {id}
version: "1.0"
label: {{en: {json.dumps(name["en"], ensure_ascii=False)}, zh: {json.dumps(name["zh"], ensure_ascii=False)}}}
languages: [{", ".join(languages)}]
zone: {zone}
extends: [{PACK}]       # {_INHERITED[language]}
"""
    }
    for file, (kind, document, en, zh, example) in _FILES.items():
        shown = "".join(f"# {line}\n" for line in example.splitlines())
        texts[f"{file}.yaml"] = (
            f"{_head('document')}kind: {kind}\nid: {document}\n## {zh if language == 'zh' else en}\n{_EXAMPLES[language]}\n{shown}"
        )
    return texts


def _head(schema: str) -> str:
    return f"# yaml-language-server: $schema=../{SCHEMA_FOLDER}/{schema}.schema.json\napiVersion: deskweave/v1\n"


def env_text(names: Sequence[str], values: Mapping[str, str], environments: Sequence[str]) -> str:
    """A file of secrets' names: `.env.example`, or with values `.env.<environment>`."""
    files = ", ".join(f".env.{environment}" for environment in environments)
    head = (
        f"# Secrets of environment {environments[0]}. Git ignores this file.\n"
        if values
        else f"# Copy to {files} and fill in. This file holds no secrets and is committed.\n"
    )
    return head + "".join(f"{name}={values.get(name, '')}\n" for name in names)


def readme(id: str, names: Sequence[str], environments: Sequence[str], writing: Sequence[str], all: Sequence[str]) -> str:
    """The folder's README: what to type first, where secrets stand, what may be written."""
    files = ", ".join(f"`.env.{environment}`" for environment in environments)
    secrets = f"\nSecrets stand in {files} (copy `.env.example`), or in the environment.\n" if names else ""
    reading = [name for name in all if name not in writing]
    access = "Every connection is read-only until `deskweave.yaml` says `access: write`."
    if writing:
        access = f"`apply` and `sync` write to {', '.join(writing)}: `deskweave.yaml` says `access: write` there."
        if reading:
            access += f" Read-only: {', '.join(reading)}."
    return f"""# {id}

A service desk's practice as files, for [Deskweave](https://pypi.org/project/deskweave/).

    deskweave practice lint     the files alone
    deskweave check             connections, rights, bindings; reads only
    deskweave sync --plan       what a sync would write
{secrets}
{access}
"""
