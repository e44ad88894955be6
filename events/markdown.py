"""The words of an event, from Markdown to HTML that is safe to show.

Two kept libraries, one behind the other: markdown-it reads CommonMark with raw HTML off, and nh3
(the Ammonia sanitizer) lets through what is listed here and nothing else.
"""

import nh3
from markdown_it import MarkdownIt

_TAGS = {"p", "br", "em", "strong", "ul", "ol", "li", "a", "blockquote", "h3", "h4"}
_reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).disable(
    ["image", "code", "fence", "html_block", "html_inline"]
)


def to_html(text: str) -> str:
    """Return a text as sanitized HTML: no images, no scripts, no styles; links open plainly."""
    return nh3.clean(
        _reader.render(text),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer",
    )
