"""The whole practice as one document, in English or Chinese, to hand over and to sign.

`book` makes the tree from a practice and the edition (who, when, which version, what the platforms cannot hold); `as_html` and
`as_markdown` write it. The same practice in the same edition gives the same bytes. Nothing here
reads a clock, a file or a platform.
"""

from deskweave.practice.handbook.book import book
from deskweave.practice.handbook.edition import Edition, Limit, Platform, Revision
from deskweave.practice.handbook.html import as_html
from deskweave.practice.handbook.markdown import as_markdown

__all__ = ["Edition", "Limit", "Platform", "Revision", "as_html", "as_markdown", "book"]
