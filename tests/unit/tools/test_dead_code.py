"""Code that no product code names is found, unless a framework calls it or a guide names it."""

from __future__ import annotations

from pathlib import Path

from tools.dead_code import dead_code

CODE = """
def used(): return 1

def only_tested(): return used()

def documented(): return 2

@blueprint.get("/")
def registered(): return 3

class Namespace:
    def on_connect(self): return 4
    field = 5
    def forgotten(self): return 6

print(Namespace)
"""


def test_code_that_only_tests_use_is_unused(tmp_path: Path) -> None:
    for name, text in {
        "yoto/code.py": CODE,
        "tests/test_code.py": "from yoto.code import only_tested\nonly_tested()",
        "README.md": "Call `documented()`.",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    for name in ("app", "benchmarks", "examples", "tools"):
        (tmp_path / name).mkdir()
    for name in ("config.py", "run.py", "wsgi.py"):
        (tmp_path / name).touch()
    assert [line.partition(" ")[2] for line in dead_code(tmp_path)] == [
        "unused function only_tested",
        "unused method forgotten",
    ]
