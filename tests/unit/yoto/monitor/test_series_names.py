"""Names with labels as text: of series, and of values to watch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.monitor import series
from yoto.monitor.series_names import name_and_labels, parse_series, with_labels

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,10}", fullmatch=True)
LABELS = st.dictionaries(
    st.from_regex(r"[a-z_][a-z0-9_]{0,9}", fullmatch=True), st.text(max_size=20), max_size=4
)


@given(NAMES, st.dictionaries(NAMES, st.text(max_size=20), max_size=3))
def test_a_series_reads_back_from_its_text(name: str, labels: dict[str, str]) -> None:
    about = series(name, labels)
    assert parse_series(str(about)) == about


@pytest.mark.parametrize("text", ["", "1x", "a{", "a{b}", 'a{b="c}', 'a{b="c"x}', "a b"])
def test_other_text_is_no_series(text: str) -> None:
    with pytest.raises(ValueError):
        parse_series(text)


@given(LABELS)
def test_what_is_written_is_read_back(given_labels: dict[str, str]) -> None:
    text = with_labels("memory_share", given_labels)
    assert name_and_labels(text) == ("memory_share", given_labels)


def test_a_name_that_an_application_writes_is_read_leniently() -> None:
    assert name_and_labels('shop.load{path="C:\\dir\nx"}') == ("shop.load", {"path": "C:dir\nx"})


def test_the_order_of_labels_does_not_matter() -> None:
    assert with_labels("a", {"x": "1", "b": "2"}) == 'a{b="2",x="1"}'


@pytest.mark.parametrize(
    "text",
    ["", "a b", "a{", "a}", 'a{b="1"', "a{b=1}", 'a{b="1" c="2"}', 'a{b="1",b="2"}', 'a{="1"}']
    + ["x" * 65, 'a{b="' + "x" * 129 + '"}', 'a{b="1",,c="2"}'],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        name_and_labels(text)
