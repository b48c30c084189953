"""An error put into any rule never turns a denial into an allowance."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.contract.rooms.policies.inputs import STRICT_DATA, Inputs
from tests.support.bundles import default_bundle
from tests.support.require import TEST_ALL
from yoto.errors import PolicyError
from yoto.rooms.policies import Bundle, CompiledPolicies, PolicyEngine
from yoto.rooms.policies.rego.tokens import Token, tokenize

INPUTS = 40
# On OPA each broken bundle has to be sent, and regopy takes long to compile one.
EVERY = {
    "regorus": 1 if TEST_ALL else 4,
    "regopy": 10 if TEST_ALL else 20,
    "http:": 15 if TEST_ALL else 40,
}

# An error where the input has fault 0, and undefined where it has none.
FAULT = "1 / input.fault > 0"


def broken_sources(source: str) -> Iterator[str]:
    """The source with the error in one of its rules, for each that has a body."""
    tokens = tokenize(source)
    for index, token in enumerate(tokens):
        if token.depth == 0 and token.value == "if":
            yield _broken(source, tokens, index)


def _broken(source: str, tokens: list[Token], index: int) -> str:
    following = tokens[index + 1]
    if following.value == "{":
        return f"{source[: following.end]}\n{FAULT}\n{source[following.end :]}"
    end = source.find("\n", following.start)
    body = source[following.start : end]
    return f"{source[: following.start]}{{\n{FAULT}\n{body}\n}}{source[end:]}"


def broken_bundles() -> list[Bundle]:
    whole = default_bundle(STRICT_DATA)
    return [
        Bundle({**whole.modules, name: broken}, {}, whole.data)
        for name, source in whole.modules.items()
        for broken in broken_sources(source)
    ]


def allows(compiled: CompiledPolicies, text: str) -> bool:
    try:
        return compiled.evaluate(text).allow
    except PolicyError:
        return False


def test_an_error_in_any_rule_never_allows_what_was_denied(engine: PolicyEngine) -> None:
    inputs = Inputs(5)
    texts = [json.dumps({**inputs.draw(), "fault": 0}) for _ in range(INPUTS)]
    whole = engine.compile(default_bundle(STRICT_DATA))
    denied = [text for text in texts if not allows(whole, text)]
    bundles = broken_bundles()

    for bundle in bundles[:: EVERY[engine.runs_on.partition("/")[0].partition(" ")[0]]]:
        broken = engine.compile(bundle)
        for text in denied:
            assert not allows(broken, text), text
        broken.close()

    assert len(bundles) > 60
    assert len(denied) > INPUTS / 2
