"""What the measurement of whole requests makes of its rounds."""

from __future__ import annotations

import pytest

from benchmarks.http.figures import Round, figures, table
from benchmarks.http.load import LoadFailed, parse

WRK = """Running 2s test @ http://127.0.0.1:40221/view
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.61ms  362.47us   8.21ms   93.93%
    Req/Sec     5.02k   270.57     5.33k    80.95%
  10491 requests in 2.10s, 1.79MB read
Requests/sec:   4995.29
Transfer/sec:      0.85MB
"""


def test_a_ratio_is_of_rows_of_the_same_round() -> None:
    found = figures(
        {
            "bare": [Round(1000, 100), Round(500, 200), Round(900, 110)],
            "stack": [Round(100, 900), Round(50, 1800), Round(90, 1000)],
            "strict": [Round(500, 190), Round(250, 390), Round(450, 210)],
        }
    )
    assert found["strict"] == {"req/s": 450, "of bare": 0.5, "of peers": 5, "cpu us": 210}


def test_what_was_not_measured_has_no_ratio() -> None:
    found = figures({"strict": [Round(500, None)]})
    assert found["strict"] == {"req/s": 500, "of bare": None, "of peers": None, "cpu us": None}
    assert "     500           -           -           -" in table("eventlet", found)


def test_rows_stand_in_the_order_of_the_table() -> None:
    found = figures({"messages": [Round(1, 1)], "bare": [Round(2, 1)]})
    assert [line[:4] for line in table("", found).splitlines()[1:]] == ["bare", "ours"]


def test_what_wrk_says_is_read() -> None:
    load = parse(WRK)
    assert load.requests == 10491 and load.rate == pytest.approx(4995.29)


@pytest.mark.parametrize(
    "wrong",
    [
        "  Non-2xx or 3xx responses: 3\nRequests/sec:",
        "  Socket errors: connect 0, read 7, write 0, timeout 0\nRequests/sec:",
    ],
)
def test_answers_that_are_errors_are_no_figures(wrong: str) -> None:
    with pytest.raises(LoadFailed):
        parse(WRK.replace("Requests/sec:", wrong))


def test_what_is_not_of_wrk_is_no_figure() -> None:
    with pytest.raises(LoadFailed):
        parse("unable to connect to 127.0.0.1:1")
