"""What this document is, and how it is read."""

from __future__ import annotations

from deskweave.practice.handbook.tree import Section, points, say, section
from deskweave.practice.handbook.voice import Voice


def chapter(voice: Voice) -> Section | None:
    return section(
        "purpose",
        voice("Purpose, and how to read this document", "目的与阅读说明"),
        [
            say(
                voice(
                    "This document states how the service desk works: what is recorded of an inquiry, what is offered to users, "
                    "which "
                    "statuses an inquiry goes through, what is promised, who does what, and how performance is judged. It is "
                    "made from "
                    "the files of the practice, from which platforms are configured and figures are computed, so that document, "
                    "platforms and figures say the same.",
                    "本文件说明服务台如何运作：问询要记录哪些信息、向用户提供哪些服务、问询经过哪些状态、作出哪些承诺、"
                    "各项工作由谁负责、绩效如何衡量。本文件由实践文件生成；平台配置和指标计算也以同一批文件为准，"
                    "因此文档、平台与数据口径一致。",
                )
            ),
            points(
                (
                    voice(
                        "Words in type of equal width, such as first_response, are the names of terms in files and platforms.",
                        "等宽字体的单词（如 first_response）是该术语在文件和平台中使用的标识。",
                    ),
                    voice(
                        "Spans of time are working time on the calendar named with them, unless days are said.",
                        "时长均指所注明日历上的工作时间；以“天”表示的为自然日。",
                    ),
                    voice(
                        "A star (*) marks what this practice adds where the published sources say nothing.",
                        "带星号（*）的内容为公开资料未作规定、由本实践补充的设计。",
                    ),
                    voice(
                        "Where several rules are listed, they are tried from top to bottom, and the first that applies decides.",
                        "列出多条规则时，自上而下依次判断，以第一条符合的规则为准。",
                    ),
                    voice(
                        "The digest on the cover identifies the content: two documents with the same digest state the same "
                        "practice.",
                        "封面上的内容摘要标识实践内容：摘要相同，则实践相同。",
                    ),
                )
            ),
        ],
    )
