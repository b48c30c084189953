"""How full the memory is that all processes share, as each kind of system tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from yoto.monitor import names, process
from yoto.monitor.health import DEFAULT_COMPONENTS, Band, assess
from yoto.monitor.process import (
    MemoryUse,
    SharedMemory,
    memory_use,
    process_samples,
    shared_memory_samples,
)
from yoto.monitor.sources import Measured

GIB = 2**30
MEMINFO = "MemTotal:       8388608 kB\nMemFree:         100000 kB\nMemAvailable:   2097152 kB\n"
UNLIMITED_V1 = "9223372036854771712"


class System:
    """The files of a system."""

    def __init__(self, root: Path) -> None:
        self.proc, self.cgroups = root / "proc", root / "cgroup"
        self.write(self.proc / "meminfo", MEMINFO)

    def write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def group(self, path: str, use: int, limit: str, inactive: int = 0) -> None:
        """A group of version 2."""
        folder = self.cgroups / path
        self.write(folder / "memory.current", f"{use}\n")
        self.write(folder / "memory.max", f"{limit}\n")
        self.write(folder / "memory.stat", f"anon 5\ninactive_file {inactive}\nactive_file 7\n")

    def group_v1(self, path: str, use: int, limit: str, inactive: int = 0) -> None:
        folder = self.cgroups / "memory" / path
        self.write(folder / "memory.usage_in_bytes", f"{use}\n")
        self.write(folder / "memory.limit_in_bytes", f"{limit}\n")
        stat = f"inactive_file 1\ntotal_inactive_file {inactive}\n"
        self.write(folder / "memory.stat", stat)

    def within(self, *lines: str) -> None:
        """Write the groups of the process."""
        self.write(self.proc / "self" / "cgroup", "".join(f"{line}\n" for line in lines))

    def use(self) -> MemoryUse | None:
        return memory_use(self.proc, self.cgroups)


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


def test_a_container_is_full_when_all_its_processes_are(system: System) -> None:
    # Four workers of 24 % each.
    system.within("0::/")
    system.group("", 96 * GIB // 100 + 1000, str(GIB), inactive=1000)
    use = system.use()
    assert use is not None and use.share == pytest.approx(0.96)
    report = assess(DEFAULT_COMPONENTS, {"memory_share": use.share})
    assert report.components["memory"].band is Band.ERROR


def test_the_fullest_group_on_the_way_to_the_root_counts(system: System) -> None:
    system.within("0::/system.slice/yoto.service/workers")
    system.group("system.slice/yoto.service/workers", GIB, "max")
    system.group("system.slice/yoto.service", 2 * GIB, str(4 * GIB))
    system.group("system.slice", 3 * GIB, str(8 * GIB))
    assert system.use() == MemoryUse(2 * GIB, 4 * GIB)


def test_version_one_is_understood_with_the_hosts_path_too(system: System) -> None:
    system.within("5:cpu,cpuacct:/docker/abc", "4:memory:/docker/abc")
    system.group_v1("", 3 * GIB, str(4 * GIB), inactive=GIB)
    assert system.use() == MemoryUse(2 * GIB, 4 * GIB)
    system.group_v1("docker/abc", GIB, UNLIMITED_V1)
    system.group_v1("", GIB, UNLIMITED_V1)
    assert system.use() == MemoryUse(6 * GIB, 8 * GIB)


@pytest.mark.parametrize("lines", [["0::/"], ["0::/nowhere"], ["1:name=systemd:/"], []])
def test_without_a_limit_the_host_counts(system: System, lines: list[str]) -> None:
    system.within(*lines)
    assert system.use() == MemoryUse(6 * GIB, 8 * GIB)


def test_what_the_system_does_not_tell_is_unknown(system: System) -> None:
    system.write(system.proc / "meminfo", "MemTotal:       8388608 kB\n")
    assert system.use() is None
    (system.proc / "meminfo").unlink()
    assert system.use() is None


def test_the_share_of_all_is_told_beside_the_size_of_this_process() -> None:
    found = {sample.name: sample for sample in (*process_samples(), *shared_memory_samples())}
    assert 0 < found[names.MEMORY_SHARE].value <= 1  # type: ignore[union-attr]
    assert found[names.MEMORY].value > 10_000_000  # type: ignore[union-attr]
    assert found[names.MEMORY_LIMIT].value > found[names.MEMORY].value  # type: ignore[union-attr]


@pytest.mark.parametrize(("every", "asked"), [(60.0, 1), (0.0, 3)])
def test_the_system_is_asked_again_only_after_a_while(
    monkeypatch: pytest.MonkeyPatch, every: float, asked: int
) -> None:
    calls: list[Measured] = []

    def samples() -> list[Measured]:
        calls.append(Measured(names.MEMORY_SHARE, 0.5))
        return calls[-1:]

    monkeypatch.setattr(process, "shared_memory_samples", samples)
    source = SharedMemory(every)
    found = [sample for _ in range(3) for sample in source()]
    assert found == [Measured(names.MEMORY_SHARE, 0.5)] * 3 and len(calls) == asked
