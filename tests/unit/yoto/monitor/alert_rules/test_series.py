"""Names with labels, as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.monitor.alert_rules.series import format_series, parse_series

labels = st.dictionaries(
    st.from_regex(r"[a-z_][a-z0-9_]{0,9}", fullmatch=True), st.text(max_size=20), max_size=4
)


@given(labels)
def test_what_is_written_is_read_back(given_labels: dict[str, str]) -> None:
    text = format_series("memory_share", given_labels)
    assert parse_series(text) == ("memory_share", given_labels)


def test_the_order_of_labels_does_not_matter() -> None:
    assert format_series("a", {"x": "1", "b": "2"}) == 'a{b="2",x="1"}'


@pytest.mark.parametrize(
    "text",
    ["", "a b", "a{", "a}", 'a{b="1"', "a{b=1}", 'a{b="1" c="2"}', 'a{b="1",b="2"}', 'a{="1"}']
    + ["x" * 65, 'a{b="' + "x" * 129 + '"}', 'a{b="1",,c="2"}'],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_series(text)
