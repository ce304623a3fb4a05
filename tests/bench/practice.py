"""What a large practice costs, in processor seconds: `python tests/bench/practice.py`. Not part of the tests.

First a practice of 500 catalog items, 200 fields and 100 metrics with examples over the built-in pack: to load, and to load and
lint, each in a process of its own, imports included (the best of five; goal: under 1 s). Then one YAML file just under the limit
of 5 MiB (goal: about 1 s to read). The seconds are this machine's.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEAD = "apiVersion: deskweave/v1\n"
TYPES = ("text", "number", "choice", "date", "boolean")


def catalog(items: int) -> str:
    """Items in services of ten, as ordinary files write them."""
    lines = [
        "apiVersion: deskweave/v1", "kind: Catalog", "id: services", "categories:", "  generated:",
        "    label: {en: Generated, zh: 生成}", "    services:",
    ]  # fmt: skip
    for number in range(items):
        if number % 10 == 0:
            lines += [
                f"      service_{number // 10}:",
                f"        label: {{en: Service {number // 10}, zh: 服务{number // 10}}}",
                "        items:",
            ]
        lines += [
            f"          item_{number}:",
            f"            label: {{en: Item {number}, zh: 服务项{number}}}",
            "            classification: os_install_and_failure",
            "            served: user",
            "            stream: incident",
            "            channels: [self_service, feishu, phone, email]",
            "            delivery: [remote, on_site]",
            "            hours: cn_5x8",
        ]
    return "\n".join(lines) + "\n"


def fields(count: int) -> str:
    """Fields of five types in turn."""
    lines = [HEAD + "kind: Fields", "id: inquiry", "fields:"]
    for number in range(count):
        kind = TYPES[number % len(TYPES)]
        lines += [
            f"  extra_{number}:",
            f"    label: {{en: Extra field {number}, zh: 附加字段{number}}}",
            f"    type: {kind}",
            "    entry: dropdown" if kind == "choice" else "    entry: typed",
            "    writers: [agent]",
        ]
        if kind == "choice":
            lines += ["    choices:"]
            lines += [f"      choice_{n}: {{label: {{en: Choice {n}, zh: 选项{n}}}}}" for n in range(8)]
    return "\n".join(lines) + "\n"


def metrics(count: int) -> str:
    """Shares of inquiries on time, each with two given/expect rows."""
    return HEAD + "---\n".join(
        f"""\
kind: Metric
id: on_time_{number}
label: {{en: On time {number}, zh: 达标率{number}}}
period: {{by: submitted_at, every: month}}
by: [service_item]
value:
  ratio:
    of: {{count: {{where: {{first_response: {{met: true}}}}}}}}
    over: {{count: {{where: {{first_response: {{present: true}}}}}}}}
target: {{better: higher, goal: 0.95, warn: 0.90}}
examples:
  - given: [{{first_response: {{took: PT5M, goal: PT5M}}}}, {{first_response: {{took: PT5M1S, goal: PT5M}}}}, {{}}]
    expect: [{{value: 0.5}}]
  - given: [{{first_response: {{took: PT1M, goal: PT5M}}}}]
    expect: [{{value: 1.0}}]
"""
        for number in range(count)
    )


def write_folder(root: Path, *, items: int = 500, extra: int = 200, rules: int = 100) -> None:
    """A client's folder of that size over the built-in pack."""
    practice = root / "practice"
    practice.mkdir(parents=True)
    texts = {
        "practice.yaml": HEAD + "kind: Practice\nid: large\nversion: 2026.11.1\nlabel: {en: Large, zh: 大}\nlanguages: [zh, en]\n"
        "zone: Asia/Shanghai\nextends: [deskweave:service-desk@1]\n",
        "catalog.yaml": catalog(items),
        "fields.yaml": fields(extra),
        "kpis.yaml": metrics(rules),
    }
    for name, text in texts.items():
        (practice / name).write_text(text, encoding="utf-8")
    (root / "deskweave.yaml").write_text(
        HEAD + "kind: Workspace\nid: large\nlanguage: zh\nzone: Asia/Shanghai\npractice: practice/\n", encoding="utf-8"
    )


WORK = """
import sys, time
from datetime import datetime, UTC
from pathlib import Path
from deskweave import workspace
with workspace.open(Path(sys.argv[1]), now=lambda: datetime(2026, 3, 1, tzinfo=UTC)) as space:
    space.practice
    loaded = time.process_time()
    findings = space.lint(deep=sys.argv[2] == "deep") if sys.argv[2] != "load" else []
print(loaded, time.process_time(), len(findings), *sorted({one.rule for one in findings}))
"""


def process(root: Path, how: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", WORK, str(root), how], capture_output=True, text=True, check=True)
    return done.stdout.split()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "large"
        write_folder(root)
        bare = subprocess.run(
            [sys.executable, "-c", "import time; print(time.process_time())"], capture_output=True, text=True, check=True
        )
        size = sum(path.stat().st_size for path in root.rglob("*.yaml"))
        print(f"500 items, 200 fields, 100 metrics: {size / 1024:.0f} KiB of YAML; Python itself {float(bare.stdout):.2f} s")
        for how, words in (("load", "load"), ("shallow", "load and lint, without examples"), ("deep", "load and lint")):
            runs = [process(root, how) for _ in range(5)]
            best = min(runs, key=lambda run: float(run[1]))
            found = f"   {best[2]} findings: {', '.join(best[3:])}" if len(best) > 3 else ""
            print(f"  {words:<32} {float(best[1]):5.2f} s{found}")
    from deskweave.documents import MAX_BYTES, read

    each = len(catalog(1000).encode()) / 1000
    data = catalog(int(MAX_BYTES * 0.98 / each)).encode()
    best_read = float("inf")
    for _ in range(3):
        begun = time.process_time()
        read(data)
        best_read = min(best_read, time.process_time() - begun)
    print(f"{len(data) / 1024 / 1024:.1f} MiB in one file: read in {best_read:.2f} s")


if __name__ == "__main__":
    main()
