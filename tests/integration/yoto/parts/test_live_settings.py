"""Fields of ``tuning:fleet`` are in force in every worker, and are taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.extensions import optimization, prefetch, resilience
from tests.support.applications import another_app
from tests.support.waiting import wait_until
from yoto.errors import ValidationFailed
from yoto.resilience import FLEET, Kind
from yoto.rooms.warm_up.extension import warming_of


def test_the_batches_of_the_queue_follow(app: Flask) -> None:
    config = resilience.of(app).config
    config.set(Kind.TUNING, FLEET, {"queue_batch_size": 7}, author="ada", reason="try")
    assert optimization.of(app).queue.batch_size == 7
    refused: list[tuple[str, dict[str, Any]]] = [
        (FLEET, {"queue_batch_size": 0}),
        (FLEET, {"reverted": []}),
        ("typo", {"queue_batch_size": 7}),
    ]
    for name, values in refused:
        with pytest.raises(ValidationFailed):
            config.set(Kind.TUNING, name, values, author="ada", reason="try")
    config.delete(Kind.TUNING, FLEET, author="ada", reason="enough")
    assert optimization.of(app).queue.batch_size == app.config["QUEUE_BATCH_SIZE"]


def test_what_is_turned_in_an_incident_is_in_force_in_every_worker_and_taken_back(
    app: Flask, app_config: dict[str, Any], tmp_path: Path
) -> None:
    values: dict[str, Any] = {
        "invalidation_strategy": "conservative",
        "invalidation_pace": 7,
        "preload": False,
        "preload_entries": 11,
        "preload_interval": 60.0,
        "prefetch_rate": 3.0,
        "prefetch_memory_share": 0.001,
    }

    def seen(app: Flask) -> list[Any]:
        invalidation, preloading = optimization.of(app).invalidation, warming_of(app).preloading
        prefetcher = prefetch.of(app).prefetcher
        assert prefetcher is not None
        return [
            invalidation.settings.strategy,
            invalidation._worker.settings.pace,
            preloading.stats().running,
            preloading.settings.entries,
            preloading._until_next() < 2 * 60,
            prefetcher._budget._settings.rate,
            prefetcher._budget._settings.memory_share,
        ]

    with another_app(app_config, tmp_path / "other") as other:
        resilience.of(other).start()
        preloading = warming_of(other).preloading
        preloading.start()
        configured = seen(other)
        assert configured[2] and not configured[4] and configured[5] == 50.0
        config = resilience.of(app).config
        config.set(Kind.TUNING, FLEET, values, author="ada", reason="a flood")
        wait_until(lambda: seen(other) == ["conservative", 7, False, 11, True, 3.0, 0.001])
        config.delete(Kind.TUNING, FLEET, author="ada", reason="it is over")
        wait_until(lambda: seen(other) == configured)
