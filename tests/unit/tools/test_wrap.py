"""``tools.wrap`` shortens lines, and changes nothing that a reader sees."""

from __future__ import annotations

import markdown
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.wrap import WIDTH, wrapped

LONG = "word " * 60 + "end."
PIECES = st.sampled_from(
    ["word", "`code with spaces`", "[a link](page.md#place)", "#general", "-", "+", "1.", ">", "|"]
    + ["**bold", "words**", "==", "an-address-without-any-space/" * 3]
)


def shown(text: str) -> list[str]:
    page: str = markdown.markdown(text, extensions=["tables", "sane_lists", "fenced_code"])
    return page.split()


@given(pieces=st.lists(PIECES, max_size=80), begin=st.sampled_from(["", "- ", "12. ", "  - "]))
def test_a_paragraph_is_narrow_and_reads_as_before(pieces: list[str], begin: str) -> None:
    text = f"{begin}First {' '.join(pieces)}\n"
    narrow = wrapped(text)
    assert shown(narrow) == shown(text)
    assert narrow.split() == text.split()
    assert wrapped(narrow) == narrow


def test_lines_end_before_the_width() -> None:
    lines = wrapped(f"- {LONG}\n  {LONG}").split("\n")
    assert max(map(len, lines)) <= WIDTH
    assert [line[:2] for line in lines] == ["- ", *["  "] * (len(lines) - 1)]


def test_only_the_paragraph_that_is_too_long_changes() -> None:
    text = f"Short\nlines stay.\n\n- one\n- {LONG}\n- another\n"
    before, after = text.split("\n"), wrapped(text).split("\n")
    assert after[:4] == before[:4] and after[-2:] == before[-2:]


@pytest.mark.parametrize(
    "text",
    [
        f"| a | b |\n|---|---|\n| {LONG} | c |",
        f"```text\n{LONG}\n```",
        f"- an item\n\n  ```text\n  {LONG}\n  ```",
        f"Before:\n\n    {LONG}",
        f"# {LONG}",
        f"<!-- {LONG}\n{LONG} -->",
        f"![{LONG}](a.svg)",
        f"{LONG}  \nafter a break",
    ],
)
def test_all_but_paragraphs_stays(text: str) -> None:
    assert wrapped(text) == text


def test_a_piece_that_is_too_long_has_a_line_of_its_own() -> None:
    address = "x" * (WIDTH + 1)
    assert wrapped(f"before {address} after") == f"before\n{address}\nafter"
