from __future__ import annotations

import pytest

from tests.support.bundles import default_bundle, rules
from yoto.errors import PolicyError
from yoto.rooms.policies.engine.protocol import TestFailure, TestReport
from yoto.rooms.policies.sandbox.running import SandboxLimits, refuse_failures, run_in_sandbox

GOOD = rules(
    'deny contains "a" if input.x == 1', "test_it if authz.decision.allow with input as {}"
)


def test_a_good_bundle_passes_with_its_tests() -> None:
    assert run_in_sandbox("rules", GOOD, ['{"x": 1}', "{}"]).passed == (
        "rules: yoto.authz_test.test_it",
    )


def test_the_default_bundle_passes() -> None:
    assert run_in_sandbox("default", default_bundle(), ["{}"]).ok


def test_a_failing_test_refuses_and_is_named() -> None:
    bundle = rules('deny contains "a"', "test_it if authz.decision.allow with input as {}")

    with pytest.raises(PolicyError, match="1 test.*test_it is undefined"):
        run_in_sandbox("rules", bundle)


def test_an_error_on_a_recorded_input_is_a_denial_and_no_reason_to_refuse() -> None:
    assert run_in_sandbox("rules", rules('deny contains "a" if 1 / input.x > 0'), ['{"x": 0}']).ok


def test_a_source_that_does_not_compile_is_refused_with_its_place() -> None:
    with pytest.raises(PolicyError, match="line 3, column") as raised:
        run_in_sandbox("other", rules("x := }"))
    assert raised.value.policy == "rules"


def test_a_huge_comprehension_is_refused_with_the_time() -> None:
    body = (
        'deny contains "a" if {\n\tinput.x\n'
        "\tcount([1 | some i in numbers.range(1, 10000); some j in numbers.range(1, 10000); "
        "i + j < 0]) > 0\n}"
    )

    with pytest.raises(PolicyError, match="more than 1 s of processor time"):
        run_in_sandbox("rules", rules(body), ['{"x": 1}'], SandboxLimits(cpu_seconds=1))


def test_a_huge_list_is_refused_with_the_memory() -> None:
    with pytest.raises(PolicyError, match="more than 64 MB of memory"):
        run_in_sandbox(
            "rules",
            rules(
                'deny contains "a" if count([[i, j] | some i in numbers.range(1, 10000); '
                "some j in numbers.range(1, 10000)]) < 0"
            ),
            limits=SandboxLimits(cpu_seconds=50, memory_mb=64),
        )


def test_waiting_has_an_end() -> None:
    with pytest.raises(PolicyError, match=r"more than 0\.01 s"):
        run_in_sandbox("rules", GOOD, limits=SandboxLimits(wall_seconds=0.01))


def test_a_policy_that_fails_in_a_test_of_another_is_told_what_it_has_to_cope_with() -> None:
    fails = "own: line 3, column 45: `startswith` expects string argument. Got `null` instead"
    others, own = (TestFailure(f"{policy}: test_x", fails) for policy in ("main", "own"))

    with pytest.raises(PolicyError) as refused:
        refuse_failures("own", TestReport(failed=(others,)))
    assert fails in refused.value.reason
    assert "is_string(input.action.name)" in refused.value.reason

    with pytest.raises(PolicyError) as refused:
        refuse_failures("own", TestReport(failed=(own,)))
    assert "is_string" not in refused.value.reason
