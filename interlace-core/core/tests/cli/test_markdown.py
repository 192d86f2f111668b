"""Markdown: what comes from a project is shown as it is, whatever stands in it."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from interlace.cli.markdown import Limited, bare, code, details, fence, table

PRINTABLE = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"]), max_size=20)
WORDS = st.lists(PRINTABLE, max_size=4).map(" ".join)


class Shown(HTMLParser):
    """What a page shows: the text of each cell, and which tags there are."""

    def __init__(self, markdown: str) -> None:
        super().__init__(convert_charrefs=True)
        self.cells: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag in {"td", "th"}:
            self.cells.append("")

    def handle_data(self, data):
        self.text += data
        if self.cells:
            self.cells[-1] += data


@given(WORDS, WORDS)
@example("a|b", "`a` | \\| b\\")
@example("**x** <b>@team</b> [a](b) http://a.b www.a.b $x$ :smile: &lt;", "")
def test_a_cell_shows_its_text_and_nothing_in_it_is_markup(one, other):
    shown = Shown(table(["a", "b"], [[code(one), code(other)]]))

    assert [one.strip(), other.strip()] == [cell.strip() for cell in shown.cells[2:]]
    assert {"code"} == set(shown.tags) - {"table", "thead", "tbody", "tr", "th", "td"}


@given(WORDS.filter(str.strip))
def test_a_paragraph_shows_its_text(text):
    shown = Shown(f"x {bare(text)}")

    assert f"x {' '.join(text.split())}" == " ".join(shown.text.split())
    assert ["p"] == shown.tags


def test_line_ends_and_what_is_not_printable_are_written_out():
    assert "<code>a&#92;nb&#92;x07</code>" == code("a\nb\x07")
    assert "`a b`" == code("a b")


@given(st.text(st.sampled_from("a`\n "), max_size=30))
def test_a_block_of_code_ends_where_it_ends(text):
    tokens = MarkdownIt().parse(f"{fence(text)}\nafter\n")

    assert ["fence", "paragraph_open", "inline", "paragraph_close"] == [token.type for token in tokens]
    assert text.rstrip() == tokens[0].content.rstrip()


def test_what_is_folded_away_is_markdown_below_a_line_of_html():
    shown = Shown(details("a &amp; b", table(["x"], [["1"]])))

    assert ["details", "summary", "table"] == shown.tags[:3]
    assert shown.text.startswith("a & b")


@given(st.lists(st.integers(1, 300)), st.integers(200, 1000))
def test_what_does_not_fit_is_left_out_whole_and_counted(lengths, limit):
    blocks = ["x" * length + "\n" for length in lengths]
    text = Limited(limit)
    for block in blocks:
        text.add(block)
    shown = [block for block in str(text).split("\n\n") if block.startswith("x")]

    assert len(str(text)) <= limit
    left = len(blocks) - len(shown)
    assert (f"characters: {left:,} of the parts" in str(text)) == (left > 0)
