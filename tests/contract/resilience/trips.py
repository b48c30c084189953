"""How often a test asks Redis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.resilience.platform import Platform


class Trips:
    """Counts round trips of scripts of one platform, from now on."""

    def __init__(self, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        for method in ("run", "run_many"):
            made: Callable[..., Any] = getattr(platform.redis.scripts, method)
            monkeypatch.setattr(platform.redis.scripts, method, self._counted(made))

    def _counted(self, made: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            self.count += 1
            return made(*args, **options)

        return counted
