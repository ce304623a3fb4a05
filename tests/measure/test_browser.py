"""The report as a browser shows it: offline, in both languages, nothing cut off, nothing asked for from anywhere."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from deskweave.demo.story import tell
from deskweave.plugins import load_plugins

pytestmark = pytest.mark.browser
_QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        import os

        if "browser" in os.environ.get("DESKWEAVE_REQUIRE", ""):
            pytest.fail("a browser is required here, and there is none")
        pytest.skip("no Chromium on this machine")
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("browser") / "deskweave-demo"
    tell(made, plugins=load_plugins(), language="en", seed=3, step=lambda *_: None, progress=lambda _: None)
    return made


def shown(chromium: str, page: Path, profile: Path, *more: str) -> str:
    done = subprocess.run(
        [chromium, *_QUIET, f"--user-data-dir={profile}", *more, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(("language", "heading"), [("en", "Service desk report, November 2026"), ("zh", "服务台报告：2026年11月")])
def test_the_report_opens_offline(chromium: str, folder: Path, tmp_path: Path, language: str, heading: str) -> None:
    page = folder / f"report.{language}.html"
    dom = shown(chromium, page, tmp_path / "dom", "--dump-dom")
    assert heading in dom
    assert f'<html lang="{language}' in dom
    assert len(re.findall(r"<svg", dom)) >= 3  # the charts are in the page itself
    assert not re.search(r'(?:src|href)="(?:https?:)?//', dom)
    picture = tmp_path / f"{language}.png"
    shown(chromium, page, tmp_path / "png", f"--screenshot={picture}", "--window-size=1200,2600")
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    assert (width, height) == (1200, 2600)
    assert picture.stat().st_size > 100_000  # drawn, not blank


@pytest.mark.parametrize(("language", "words"), [("en", "Closed, never accepted"), ("zh", "问询记录单信息有效性")])
def test_the_report_prints_without_squeezing_its_columns(
    chromium: str, folder: Path, tmp_path: Path, language: str, words: str
) -> None:
    """The names of figures stand on one line on paper, and the whole is no book."""
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    paper = tmp_path / "report.pdf"
    shown(chromium, folder / f"report.{language}.html", tmp_path / "pdf", "--no-pdf-header-footer", f"--print-to-pdf={paper}")
    text = subprocess.run([reader, "-layout", str(paper), "-"], capture_output=True, text=True, timeout=60, check=True).stdout
    assert re.search(rf"^ *{words} ", text, re.MULTILINE)
    assert text.count("\f") <= 8  # pages
