"""Which servers a run meets, and what a test does when the machine lacks one."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

# All kinds of each, as `make test-all` asks; a usual run meets one of each.
EVERY_SERVER = os.environ.get("YOTO_TEST_EVERY_SERVER") == "1"


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail it where everything is supposed to be there (YOTO_REQUIRE_ALL=1)."""
    if os.environ.get("YOTO_REQUIRE_ALL") == "1":
        pytest.fail(f"YOTO_REQUIRE_ALL=1, but {reason}")
    pytest.skip(reason)
