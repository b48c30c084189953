"""Each sentence of the rules read wrongly, in one way or another.

Random worlds that do not tell a misreading from the rule would not show it in the platform either.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.support.trees.verdict import Question

MISREADINGS: dict[str, type[Question]] = {}


def misreading(sentence: str) -> Callable[[type[Question]], type[Question]]:
    def remember(type_: type[Question]) -> type[Question]:
        assert sentence not in MISREADINGS
        MISREADINGS[sentence] = type_
        return type_

    return remember
