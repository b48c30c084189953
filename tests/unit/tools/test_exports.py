"""Exports that nothing outside their package uses are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.exports import unused

FILES = {
    "yoto/__init__.py": '__all__ = ["public"]',
    "yoto/lock/__init__.py": (
        'from .lock import *\n__all__ = ["a", "b", "c", "d", "e", "f", "inside", "nowhere"]'
    ),
    "yoto/lock/lock.py": "from yoto.lock import inside",
    "yoto/queue.py": "from .lock import a\nfrom yoto.lock import b as other\n",
    "app/views.py": "import yoto.lock\nfrom yoto import lock as locks\nyoto.lock.c(locks.d)",
    "app/lazy.py": 'HOME = "yoto.lock:e"',
    "docs/lock.md": "```python\nfrom yoto.lock import (\n    f,\n)\n```",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_names_that_only_their_own_package_imports_are_unused(tree: Path) -> None:
    assert unused(tree) == ["yoto.lock: inside", "yoto.lock: nowhere"]


def test_the_package_itself_is_for_users_elsewhere(tree: Path) -> None:
    (tree / "yoto/lock/__init__.py").unlink()
    assert unused(tree) == []
