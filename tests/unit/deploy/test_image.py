"""The contents of the image, and the files that it leaves behind."""

from __future__ import annotations

import json
import re

from tests.unit.deploy.files import DOCKERFILE, ROOT

TEXT = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def steps(word: str) -> list[str]:
    return re.findall(rf"^{word} (.*)$", TEXT, re.MULTILINE)


def test_what_is_copied_is_there_and_nothing_else_is_let_in() -> None:
    copied = {
        source
        for step in steps("COPY")
        if not step.startswith("--from")
        for source in step.split()[:-1]
    }
    assert all((ROOT / source).exists() for source in copied)
    assert IGNORED[1] == "*"
    assert {line[1:] for line in IGNORED if line.startswith("!")} == copied


def test_it_runs_as_a_user_by_number_and_without_a_shell() -> None:
    (user,) = steps("USER")
    assert re.fullmatch(r"[1-9]\d{4}:[1-9]\d{4}", user)
    (command,) = steps("CMD")
    assert json.loads(command)[:2] == ["python", "run.py"]
    assert "--require-hashes" in TEXT and len(set(steps("FROM"))) == 2


def test_no_step_is_given_a_secret() -> None:
    assert not steps("ARG")
    given = " ".join(steps("ENV"))
    assert not re.search(r"SECRET|PASSWORD|TOKEN|DATABASE|REDIS", given)
