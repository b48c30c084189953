"""The panel of forecasts: what is expected, what is silent and why, anomalies as they are found."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from app.extensions import optimization, redis_store
from tests.e2e.control.test_settings import row
from tests.support.browser import watched_page
from tests.support.control_pages import NARROW, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto
from yoto.rooms.forecast.board import NAME, ForecastBoard, forecast_board
from yoto.rooms.forecast.forecaster import LearnReport
from yoto.rooms.forecast.metric import Anomaly, Drift, Forecast, LastValue, NoForecast
from yoto.rooms.forecast.snapshot import ForecastSnapshot

PATH = "/suggestions"
MEBI = 1024 * 1024


def said(now: float, *anomalies: Anomaly) -> ForecastSnapshot:
    at = int(now) // 60 * 60 - 60
    expected = [100.0, 102.0, 104.0, 106.0, 108.0]
    lower, upper = ([one + by for one in expected] for by in (-9.0, 9.0))
    return ForecastSnapshot(
        offered={
            "request_rate": Forecast("request_rate", at, expected, lower, upper, "trend", 0.62, 300)
        },
        silent={
            "hit_rate": NoForecast("hit_rate", "naive", 300, 0.97),
            "load_p95_ms": NoForecast("load_p95_ms", "history", 3, None),
        },
        lasts={"request_rate": LastValue(at, 98.0), "hit_rate": LastValue(at, 0.914)},
        scores={"request_rate": 1.5},
        anomalies=list(anomalies),
        drifts=[Drift("memory_bytes", at - 3600)],
        learned_to=at,
        report=LearnReport(300, 1),
    )


@pytest.fixture
def board(neighbour: Flask) -> Iterator[ForecastBoard]:
    """Where this process speaks for the worker that forecasts."""
    yield forecast_board(neighbour)
    connection = redis_store.of(neighbour)
    connection.client.delete(connection.keys.fenced(NAME))


def token() -> int:
    """Larger than any that a lock has given out."""
    return time.time_ns() // 1000


@pytest.mark.parametrize("language", ["en", "zh"])
def test_forecasts_and_anomalies_are_shown_and_say_when_they_are_old(
    browser: Browser, yoto: RunningYoto, neighbour: Flask, board: ForecastBoard, language: str
) -> None:
    now = time.time()
    assert board.write(said(now), token())
    english = language == "en"
    with watched_page(browser, yoto.url, viewport=NARROW, locale=language) as (page, watch):
        sign_in(page, yoto, path=PATH)
        rate = row(page, "#forecasts", "Requests" if english else "请求")
        expect(rate).to_contain_text("98/" if english else "98")
        expect(rate).to_contain_text("108")
        expect(rate).to_contain_text("62 %")
        expect(rate).to_contain_text("1.5 σ")
        silent = page.locator("#forecasts")
        expect(silent).to_contain_text("nothing is better" if english else "没有方法优于")
        expect(silent).to_contain_text("not measured now" if english else "目前没有测量")
        expect(silent).to_contain_text("No anomalies" if english else "没有发现异常")
        assert fits(page)
        assert_accessible(page)

        # A fact of its own in each language: one that was told once is told no more.
        at = int(now) // 60 * 60 - 60 * english
        burst = Anomaly("memory_bytes", at, at, 512.0 * MEBI, 128.0 * MEBI, 41.0)
        assert board.write(said(now, burst), token())
        found = page.locator("#forecasts tr").filter(has_text="512 MiB")
        expect(found).to_contain_text("128 MiB")
        expect(found).to_contain_text("41 σ")

        late = ForecastBoard(
            optimization.of(neighbour).locks.fenced_store(), board._stream, lambda: now - 600, "w"
        )
        assert late.write(said(now, burst), token())
        page.reload()
        unknown = page.locator("#forecasts-unknown")
        expect(unknown).to_contain_text("stopped reporting" if english else "已停止上报")
        expect(found).to_contain_text("41 σ")
        watch.assert_quiet()
