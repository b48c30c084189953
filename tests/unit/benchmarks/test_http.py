"""The results that the measurement of whole requests makes of its rounds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.http import servers
from benchmarks.http.client import Seen, is_whole, moments
from benchmarks.http.figures import Measured, Round, figures, table
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


def test_a_ratio_is_to_what_was_measured_just_before() -> None:
    found = figures(
        {
            "bare": Measured([Round(1000, 100, 1000), Round(500, 200, 500), Round(900, 110, 900)]),
            "stack": Measured([Round(50, 900, 500), Round(50, 1800, 500), Round(90, 1000, 900)]),
            "strict": Measured(
                [Round(500, 190, 1000), Round(250, 390, 500), Round(450, 210, 900)], 3.14159, 0, 1
            ),
        }
    )
    assert found["bare"]["of bare"] == 1 and found["bare"]["of peers"] == 10
    assert found["strict"] == {
        "req/s": 450,
        "of bare": 0.5,
        "of peers": 5,
        "cpu us": 210,
        "p99 ms": 3.14,
        "SQL": 0,
        "Redis": 1,
    }


def test_what_was_not_measured_is_no_number() -> None:
    found = figures({"strict": Measured([Round(500, None)])})
    assert {name for name, value in found["strict"].items() if value is not None} == {"req/s"}
    assert table("eventlet", found).splitlines()[1].split()[-7:] == ["500", *6 * ["-"]]


def test_rows_stand_in_the_order_of_the_table() -> None:
    found = figures({"messages": Measured([Round(1, 1)]), "bare": Measured([Round(2, 1)])})
    assert [line[:4] for line in table("", found).splitlines()[1:]] == ["bare", "ours"]


def test_a_table_says_exactly_what_was_counted() -> None:
    found = figures({"bare": Measured([Round(2, 1)], statements=0, round_trips=0.05)})
    assert table("", found).split()[-2:] == ["0", "0.05"]


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


def test_requests_become_due_at_the_rate_at_the_same_moments_each_time() -> None:
    found = list(moments(1000, 10))
    assert found == list(moments(1000, 10)) == sorted(found)
    assert len(found) == pytest.approx(10_000, rel=0.05) and found[-1] < 10


@pytest.mark.parametrize("cut", range(1, 6))
def test_an_answer_is_whole_when_its_last_byte_is_there(cut: int) -> None:
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
    assert is_whole(answer) and not is_whole(answer[:-cut])


def test_what_a_client_saw_is_reported_in_milliseconds() -> None:
    reported = Seen(2.0, [0.001 * number for number in range(200, 0, -1)]).to_mapping()
    assert reported == {
        "requests": 200,
        "rate": 100,
        "p50 ms": pytest.approx(101),
        "p99 ms": pytest.approx(199),
    }


@pytest.mark.skipif(
    os.environ.get("YOTO_TEST_ASYNC_MODE") == "eventlet", reason="a read of a pipe blocks all"
)
def test_a_server_that_says_nothing_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "START_SECONDS", 0.5)
    silent = ["timeit", "-n1", "-r1", "import time; time.sleep(60)"]
    started = servers._started(silent, servers.clean_environment(), tmp_path / "log", str)
    with pytest.raises(RuntimeError, match="did not start"), started:
        pass
