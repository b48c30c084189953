"""What a test does when the machine lacks something that it needs."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail it where everything is supposed to be there (YOTO_REQUIRE_ALL=1)."""
    if os.environ.get("YOTO_REQUIRE_ALL") == "1":
        pytest.fail(f"YOTO_REQUIRE_ALL=1, but {reason}")
    pytest.skip(reason)
