from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.errors import StaleToken, ValidationFailed
from yoto.optimization import Fence

TOKENS = st.integers(1, 2**53 - 1)


@given(st.lists(TOKENS, min_size=1))
def test_no_token_is_admitted_after_a_larger_one(tokens: list[int]) -> None:
    fence = Fence("printer")
    for index, token in enumerate(tokens):
        newest = max(tokens[: index + 1])
        if token == newest:
            fence.admit(token)
            fence.admit(token)
        else:
            with pytest.raises(StaleToken) as refused:
                fence.admit(token)
            assert (refused.value.token, refused.value.newest) == (token, newest)


@pytest.mark.parametrize("token", [0, -5, 2**53, 1.0, None, True])
def test_what_is_no_token_is_refused(token: object) -> None:
    fence = Fence("printer")
    with pytest.raises(ValidationFailed):
        fence.admit(token)  # type: ignore[arg-type]
    fence.admit(1)
