"""How much a run looks at, and what a test does when the machine lacks a part."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

# `make test-all`: all kinds of servers, and as many random examples as find what is rare. A usual
# run meets one kind of each and draws fewer: each run draws new ones.
TEST_ALL = os.environ.get("YOTO_TEST_ALL") == "1"

LONG_FORM = "the long form: YOTO_TEST_ALL=1"
# Tests that take long and prove what few changes can break, or what shorter ones prove, too.
LONG = pytest.mark.skipif(not TEST_ALL, reason=LONG_FORM)


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail it where everything is supposed to be there (YOTO_REQUIRE_ALL=1)."""
    if os.environ.get("YOTO_REQUIRE_ALL") == "1":
        pytest.fail(f"YOTO_REQUIRE_ALL=1, but {reason}")
    pytest.skip(reason)
