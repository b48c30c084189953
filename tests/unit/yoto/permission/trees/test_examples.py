"""The worked examples give what they should."""

from __future__ import annotations

import pytest

from tests.support.trees.by_hand import Ask, Who, asker_of, at, may, perform
from tests.support.trees.examples import EXAMPLES
from tests.support.trees.verdict import who


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_step_of_the_example_holds(name: str) -> None:
    example = EXAMPLES[name]()
    for number, step in enumerate(example.steps):
        if isinstance(step, Ask):
            assert may(example.world, step.asker, step.node, step.now) == step.may, (number, step)
        elif isinstance(step, Who):
            found = who(example.world, step.permission, at(step.node), step.now)
            assert found == {asker_of(one) for one in step.are}, (number, step)
        else:
            perform(example.world, step)
