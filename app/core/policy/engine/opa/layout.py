"""How a bundle lies on an OPA server.

All that belongs to a version is below one name of its own, so that the old and the new version
stand side by side until nobody uses the old one. OPA takes modules one by one: between the first
and
the last there is a set of policies that nobody has written, and that may allow what the whole
denies. So each module is given a mark, and the rule that is asked answers only where all marks and
the data are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from app.core.policy.bundle import Bundle
from app.core.policy.rego import Moved, move, package_of, tokenize
from app.core.policy.result import ENTRY_POINT

COMPLETE = "yoto_complete"
ANSWER = "yoto_answer"


@dataclass(frozen=True, slots=True)
class Placed:
    """One module on the server: its id, and its source there."""

    policy: str
    module_id: str
    moved: Moved

    @property
    def path(self) -> str:
        """Where it is put."""
        return f"/v1/policies/{quote(self.module_id, safe='/')}"


@dataclass(frozen=True, slots=True)
class Layout:
    """A bundle as it is put.

    Attributes:
        prefix: the name below ``data`` that holds everything.
        data_json: what is put there.
        modules: in the order of their names.
        answer: the module that is put last.
    """

    prefix: str
    data_json: str
    modules: tuple[Placed, ...]
    answer: Placed

    @property
    def data_path(self) -> str:
        """Where the data documents are put."""
        return f"/v1/data/{self.prefix}"

    def rule_path(self, rule: str) -> str:
        """Where the value of a rule is, by its path in the bundle (``data.yoto.authz.x``)."""
        return f"{self.data_path}/{rule.removeprefix('data.').replace('.', '/')}"

    def original(self, text: str) -> str:
        """A message of the server, with the names of the bundle."""
        return text.replace(f"data.{self.prefix}.", "data.").replace(f"{self.prefix}.yoto", "yoto")


def layout_of(bundle: Bundle, prefix: str, with_tests: bool = False) -> Layout:
    """Lay out a bundle below ``prefix``, a plain name.

    Raises:
        PolicyError: its data is not JSON.
    """
    sources = dict(bundle.modules)
    if with_tests:
        sources |= {f"{name} (test)": source for name, source in bundle.tests.items()}
    inner = bundle.data_json[1:-1]
    marks = [f"\tdata.{prefix}.{_mark_path(name, source)}" for name, source in sources.items()]
    entry = f"data.{prefix}.{ENTRY_POINT.removeprefix('data.')}"
    answer = "\n".join(
        (
            f"package {prefix}",
            "",
            f'{ANSWER} := {{"values": [value | value := {entry}]}} if {{',
            f"\tdata.{prefix}.{COMPLETE}",
            *marks,
            "}",
            "",
        )
    )
    return Layout(
        prefix,
        f'{{"{COMPLETE}":true{"," if inner else ""}{inner}}}',
        tuple(_placed(prefix, name, source) for name, source in sorted(sources.items())),
        Placed("bundle", f"yoto/{prefix}/{ANSWER}", Moved(answer, ())),
    )


def _placed(prefix: str, name: str, source: str) -> Placed:
    moved = move(source, prefix)
    marked = Moved(f"{moved.source}\n\n{_mark(name)} := true\n", moved.insertions)
    return Placed(name, f"yoto/{prefix}/{quote(name, safe='')}", marked)


def _mark_path(name: str, source: str) -> str:
    return ".".join((*(package_of(tokenize(source)) or ()), _mark(name)))


def _mark(name: str) -> str:
    return f"yoto_present_{sha256(name.encode()).hexdigest()[:12]}"
