"""The handbook as a browser lays it out and as a word processor opens it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from deskweave.practice import Practice
from deskweave.practice.handbook import Edition, as_html, book

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
]
#: Looks at the laid-out page: what is wider than it should be. Chromium runs it; the handbook itself has no script.
_LOOK = """
const wide = [], page = document.querySelector("main").getBoundingClientRect();
for (const one of document.querySelectorAll("table, figure, img, blockquote, p, h1, h2, h3"))
  if (one.getBoundingClientRect().right > page.right - 1) wide.push(one.tagName + " " + one.textContent.slice(0, 40));
const cut = [];
for (const one of document.querySelectorAll("th, td"))
  if (one.scrollWidth > one.clientWidth + 1) cut.push(one.textContent.slice(0, 40));
const broken = [];  // a heading's word that does not fit its column is broken inside
const picture = document.querySelector("figure img");
document.title = JSON.stringify({
  wide, cut, tables: document.querySelectorAll("table").length, scroll: document.documentElement.scrollWidth - innerWidth,
  picture: picture.complete && picture.naturalWidth > 0,
});
"""


def _program(*names: str) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        import os

        if "browser" in os.environ.get("DESKWEAVE_REQUIRE", ""):
            pytest.fail(f"{names[0]} is required here, and there is none")
        pytest.skip(f"no {names[0]} on this machine")
    return found


def _page(practice: Practice, edition: Edition, language: str, folder: Path) -> Path:
    path = folder / f"practice.{language}.html"
    path.write_text(as_html(book(practice, edition, language)), encoding="utf-8")
    return path


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [794, 1200])  # A4, and a screen
def test_nothing_is_wider_than_the_page(practice: Practice, edition: Edition, tmp_path: Path, language: str, width: int) -> None:
    chromium = _program("chromium", "chromium-browser", "google-chrome")
    page = _page(practice, edition, language, tmp_path)
    text = page.read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    page.write_text(
        text.replace("</body>", f'<script>addEventListener("load", () => {{{_LOOK}}})</script></body>'), encoding="utf-8"
    )
    done = subprocess.run(
        [chromium, *_QUIET, f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},1200", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    title = re.search(r"<title>(.*?)</title>", done.stdout)
    assert title is not None
    found = json.loads(title[1].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))
    assert found["tables"] > 30
    assert found["picture"]
    assert found["wide"] == []
    assert found["cut"] == []
    assert found["scroll"] <= 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_prints(practice: Practice, edition: Edition, tmp_path: Path, language: str) -> None:
    chromium = _program("chromium", "chromium-browser", "google-chrome")
    page, paper = _page(practice, edition, language, tmp_path), tmp_path / "practice.pdf"
    subprocess.run(
        [
            chromium,
            *_QUIET,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--no-pdf-header-footer",
            f"--print-to-pdf={paper}",
            page.as_uri(),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    pages = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)", paper.read_bytes())
    assert pages
    assert {(round(float(wide)), round(float(high))) for wide, high in pages} == {(595, 842)}  # A4, upright


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_word_processor_finds_headings_contents_and_tables(
    practice: Practice, edition: Edition, tmp_path: Path, language: str
) -> None:
    soffice = _program("soffice", "libreoffice")
    page = _page(practice, edition, language, tmp_path)
    subprocess.run(
        [
            soffice,
            f"-env:UserInstallation={(tmp_path / 'office').as_uri()}",
            "--headless",
            "--infilter=HTML (StarWriter)",
            "--convert-to",
            "docx",
            "--outdir",
            str(tmp_path),
            str(page),
        ],
        capture_output=True,
        timeout=180,
        check=True,
    )
    with zipfile.ZipFile(page.with_suffix(".docx")) as archive:
        body = archive.read("word/document.xml").decode()
        pictures = [name for name in archive.namelist() if name.startswith("word/media/")]
    made = book(practice, edition, language)
    styles = Counter(re.findall(r'<w:pStyle w:val="(Heading\d)"', body))
    levels = Counter(one.level for one in made.walk())
    assert styles == {f"Heading{level}": count for level, count in levels.items()}
    assert set(levels) == {1, 2, 3}
    bookmarks = set(re.findall(r'<w:bookmarkStart [^>]*w:name="([^"]+)"', body))
    links = re.findall(r'<w:hyperlink w:anchor="([^"]+)"', body)
    assert len(links) >= sum(1 for one in made.walk() if one.level <= 2)
    assert set(links) <= bookmarks  # the contents lead somewhere
    tables = re.findall(r"<w:tbl>.*?</w:tbl>", body, re.DOTALL)
    assert len(tables) > 30
    revisions = next(one for one in tables if "First hand-over" in one)
    assert revisions.count("<w:tr>") == 1 + len(edition.revisions or ())  # a row for each tag, under the head
    assert pictures  # the drawing is a picture there too
    assert "Awaiting acceptance" in body or "待受理" in body
