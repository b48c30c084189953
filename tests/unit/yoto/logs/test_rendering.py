"""The form of a line."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import threading
import warnings
from datetime import UTC, datetime

import pytest
import structlog

import run
from tests.support.log_lines import logging_restored, written
from yoto import logs

log = logging.getLogger("app.test_lines")
UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def fail() -> None:
    local_secret = "a local value"
    try:
        raise KeyError("first")
    except KeyError as error:
        raise ValueError(f"second {len(local_secret)}") from error


def test_a_line_of_json_says_when_where_and_what() -> None:
    with written(instance="host-1-ab") as lines:
        log.warning("%d things of %s", 3, "ada", extra={"things": [1, 2, 3]})
    (line,) = lines.parsed()
    assert UTC_TIME.fullmatch(line["timestamp"])
    age = datetime.now(UTC) - datetime.fromisoformat(line["timestamp"])
    assert 0 <= age.total_seconds() < 60
    assert line | {"timestamp": ""} == {
        "timestamp": "",
        "level": "warning",
        "logger": "app.test_lines",
        "instance": "host-1-ab",
        "thread": threading.current_thread().name,
        "event": "3 things of ada",
        "things": [1, 2, 3],
    }


def test_without_a_name_the_process_is_named() -> None:
    with written() as lines:
        log.info("hello")
    assert lines.parsed()[0]["instance"] == logs.process_name()


def test_an_exception_is_one_field_of_one_line() -> None:
    with written() as lines:
        try:
            fail()
        except ValueError:
            log.exception("it failed")
    (line,) = lines.parsed()
    second, first = line["exception"]
    assert (second["exc_type"], second["exc_value"]) == ("ValueError", "second 13")
    assert (first["exc_type"], first["is_cause"]) == ("KeyError", True)
    assert second["frames"][-1]["name"] == "fail"
    assert "a local value" not in lines.text


def test_no_exception_is_no_field() -> None:
    with written() as lines:
        log.exception("outside of any")
    assert "exception" not in lines.parsed()[0]


def test_secrets_are_hidden_wherever_they_stand() -> None:
    with written(secrets=["the known value"]) as lines:
        try:
            raise RuntimeError("password=hidden1")
        except RuntimeError:
            log.exception("the known value, %s", "Bearer hidden2", extra={"token": "hidden3"})
    assert "hidden1" not in lines.text and "hidden2" not in lines.text
    assert "hidden3" not in lines.text and "the known value" not in lines.text
    assert lines.text.count(logs.HIDDEN) == 4


def test_any_stream_takes_any_text() -> None:
    with written() as lines:
        log.info("h\u00e9llo \udc80 \U0001f600\n\x1b[31m")
    assert lines.text.isascii() and lines.text.count("\n") == 1
    assert lines.parsed()[0]["event"] == "h\u00e9llo \udc80 \U0001f600\n\x1b[31m"


def test_the_console_shows_no_strangers_lines_and_commands() -> None:
    with written(format="console") as lines:
        log.info("path %s", "/a\n2026-01-01 [error] forged\x1b[2J", extra={"path": "/b\r\nc"})
    assert lines.text.count("\n") == 1 and "\x1b" not in lines.text and "\r" not in lines.text
    assert "forged" in lines.text


def test_the_console_shows_a_traceback_as_python_does() -> None:
    with written(format="console", secrets=["second 13"]) as lines:
        try:
            fail()
        except ValueError:
            log.exception("it failed")
    assert "it failed" in lines.text
    assert f"\nValueError: {logs.HIDDEN}" in lines.text and "KeyError: 'first'" in lines.text


@pytest.mark.parametrize("format", logs.FORMATS)
def test_wrong_arguments_of_a_line_lose_that_line_only(format: str) -> None:
    with written(format=format) as lines:
        log.info("%d apples", "secret words")
        log.info("next")
    assert "secret words" not in lines.text
    told = json.loads(lines.text.splitlines()[0])
    assert told["event"] == "a log line could not be written"
    assert told["at"].startswith("test_rendering.py:")
    assert "next" in lines.text.splitlines()[1]


def test_configuring_again_doubles_no_line() -> None:
    with written() as first, written() as second:
        log.info("once")
    assert first.text == "" and len(second.parsed()) == 1


def test_handlers_of_others_stay() -> None:
    theirs, ours = io.StringIO(), io.StringIO()
    other = logging.StreamHandler(theirs)
    other.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    with logging_restored():
        logging.getLogger().handlers[:] = [other]
        logs.configure("INFO", "json", stream=ours)
        log.info("hello")
    assert theirs.getvalue().endswith("hello\n")
    assert not {"message", "asctime"} & set(json.loads(ours.getvalue()))


def test_loggers_of_structlog_write_the_same_lines() -> None:
    with written(secrets=["the known value"]) as lines:
        structlog.get_logger("app.other").info("the known value", count=3)
    (line,) = lines.parsed()
    assert (line["logger"], line["count"], line["event"]) == ("app.other", 3, logs.HIDDEN)


def test_warnings_are_lines() -> None:
    with written() as lines:
        warnings.showwarning("careful", UserWarning, "x.py", 3)
    assert "careful" in lines.parsed()[0]["event"]


def test_what_ends_a_thread_or_the_process_is_a_line() -> None:
    with written() as lines:
        ended = threading.Thread(target=fail, name="doomed")
        ended.start()
        ended.join()
        try:
            fail()
        except ValueError:
            sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    thread, process = lines.parsed()
    assert thread["event"] == "doomed ends by an error"
    assert process["event"] == "the process ends by an error"
    assert thread["level"] == process["level"] == "critical"
    assert thread["exception"][0]["exc_type"] == process["exception"][0]["exc_type"] == "ValueError"


@pytest.mark.parametrize(
    ("environ", "level", "is_json"),
    [
        ({}, "INFO", False),
        ({"YOTO_ENVIRONMENT": "production"}, "INFO", True),
        ({"YOTO_ENVIRONMENT": "production", "YOTO_LOG_FORMAT": "console"}, "INFO", False),
        ({"YOTO_LOG_FORMAT": "json", "YOTO_LOG_LEVEL": "DEBUG"}, "DEBUG", True),
        (
            {"YOTO_LOG_FORMAT": "xml", "YOTO_LOG_LEVEL": "many", "YOTO_ENVIRONMENT": "x"},
            "INFO",
            False,
        ),
    ],
)
def test_before_the_configuration_is_read_the_environment_says_how(
    environ: dict[str, str], level: str, is_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with logging_restored():
        run.log_early(environ | {"YOTO_REDIS_URL": "redis://:a-long-password@redis"})
        assert logs.get_level() == level
        log.error("a-long-password")
    shown = capsys.readouterr().err
    assert shown.startswith("{") is is_json
    assert "a-long-password" not in shown and logs.HIDDEN in shown
