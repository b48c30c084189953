"""Which library is taken, and an application without regorus or without any."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.bundles import MAIN
from tests.support.require import LONG
from tests.support.small_policies import bound

HIDE = """
import sys

for name in HIDDEN:
    # As if it were not installed.
    sys.modules[name] = None

def imported():
    return [name for name in ("regorus", "regopy") if sys.modules.get(name)]
"""
APPLICATION = """
import json
import yoto.rooms.policies
assert not imported()
from app import create_app
from app.extensions import policy
from tests.integration.yoto.rooms.policies.conftest import empty_record

given = json.loads(sys.argv[1])
# Regopy comes first of all, the others when they are asked for.
assert imported() == given["first"]
app = create_app(given["config"], instance_path=given["instance"])
with app.app_context():
    empty_record()
    policy.put("main", given["main"], "ada")
    policy.put("bound", given["bound"], "ada")
    verdicts = [policy.evaluate({"subject": {"id": 1}, "number": number}) for number in (10, 11)]
    policy.put("zone", given["zone"], "ada")
    try:
        policy.try_out({"subject": {"id": 1}, "number": 1, "zone": "nowhere"})
    except Exception as error:
        assert type(error).__name__ == "PolicyError", error
    shown = [[one.allow, one.reasons] for one in verdicts]
    print(json.dumps([policy.status().runs_on.split()[0], policy.health().state, shown]))
    policy.of(app).close()
print(imported())
"""


def run(
    hidden: list[str], config: dict[str, Any], instance: Path
) -> subprocess.CompletedProcess[str]:
    main = f'{MAIN}\ndeny contains "nobody" if not input.subject.id\n'
    first = ["regopy"] if hidden == ["regorus"] else []
    given = {
        "first": first,
        "config": config,
        "instance": str(instance),
        "main": main,
        "bound": bound(10),
    }
    given["zone"] = (
        'package yoto.authz\n\ndeny contains "late" if time.clock([1, input.zone])[0] > 22\n'
    )
    return subprocess.run(
        [sys.executable, "-c", f"HIDDEN = {hidden}\n{HIDE}{APPLICATION}", json.dumps(given)],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[4],
        text=True,
        timeout=200,
    )


@pytest.fixture
def own_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return app_config | {"ASYNC_MODE": "threading"}


@pytest.mark.parametrize(
    ("hidden", "taken"), [([], "regorus"), pytest.param(["regorus"], "regopy", marks=LONG)]
)
def test_an_application_judges_by_the_library_that_is_there(
    hidden: list[str], taken: str, own_config: dict[str, Any], tmp_path: Path
) -> None:
    ended = run(hidden, own_config, tmp_path)

    assert ended.returncode == 0, ended.stderr
    shown, imported = ended.stdout.splitlines()[-2:]
    assert json.loads(shown) == [taken, "ok", [[True, []], [False, ["above_bound"]]]]
    assert imported == f"['{taken}']"


def test_an_application_without_any_says_what_to_install(
    own_config: dict[str, Any], tmp_path: Path
) -> None:
    ended = run(["regorus", "regopy"], own_config, tmp_path)

    assert ended.returncode == 1
    assert "ConfigurationError: POLICY_ENGINE: " in ended.stderr
    assert "pip install 'yoto[rego]'" in ended.stderr.splitlines()[-1]


@LONG
@pytest.mark.parametrize("hidden", [[], ["regorus", "regopy"]])
def test_an_application_on_a_server_imports_none(
    hidden: list[str], own_config: dict[str, Any], tmp_path: Path, opa_server: Any
) -> None:
    # ms and s, for a machine that has much else to do.
    server = {"POLICY_ENGINE": "opa", "OPA_URL": opa_server.url, "OPA_TIMEOUT": 30.0}
    patient = {"POLICY_SLOW_ALERT_MS": 6e4, "POLICY_SLOW_LIMIT_MS": 6e4}

    ended = run(hidden, own_config | server | patient, tmp_path)

    assert ended.returncode == 0, ended.stderr
    shown, imported = ended.stdout.splitlines()[-2:]
    assert json.loads(shown)[1:] == ["ok", [[True, []], [False, ["above_bound"]]]]
    assert imported == "[]"
