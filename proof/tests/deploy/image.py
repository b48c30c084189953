"""The image of the Dockerfile, built and started without a daemon and without a registry.

The base is made of Debian's packages by mmdebstrap, under the name that the Dockerfile gives it,
and buildah carries out the steps. The image is started as Docker would: as its user, as the first
process of its own, on a file system that is read-only but for ``/tmp``; on the network of the
machine. All of it needs root, and the right to mount.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from tests.support.require import missing
from tests.support.service import Service
from tests.support.waiting import HOST, free_port, ready

ROOT = Path(__file__).parents[3]
DOCKERFILE = ROOT / "Dockerfile"
MIRROR = "http://deb.debian.org/debian"
CERTIFICATES = "/etc/ssl/certs"
NAME = "yoto"
# Differences of python:slim from Debian's own Python.
LIKE_THE_BASE = (
    'rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED; '
    'ln -s /usr/bin/python3 "$1/usr/local/bin/python"'
)
# Arguments: the root, the user, the working folder, then variables and the command.
INSIDE = """
root=$1 user=$2 folder=$3; shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" --groups="" "$root" /usr/bin/env -i -C "$folder" "$@"
"""


class Image:
    """An image that was built.

    Attributes:
        root: its file system.
        config: how it is run: ``User``, ``Env``, ``Cmd``, ``Healthcheck``, ``Labels``.
        size: bytes of all layers.
        seconds: how long the base and the build took.
    """

    def __init__(
        self, root: Path, config: dict[str, Any], size: int, seconds: Mapping[str, float]
    ) -> None:
        self.root = root
        self.config = config
        self.size = size
        self.seconds = seconds

    def command(
        self, command: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> list[str]:
        """How a command of the image is started in a container of its own."""
        given = [f"{name}={value}" for name, value in (variables or {}).items()]
        config = self.config
        started = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", INSIDE]
        where = ["sh", str(self.root), config["User"], config["WorkingDir"]]
        return [*started, *where, *config["Env"], *given, *command]


class ImageNode(Service):
    """A container of the image with the image's own command.

    Attributes:
        settings: its configuration, keys without ``YOTO_``.
    """

    def __init__(self, image: Image, folder: Path, settings: Mapping[str, str]) -> None:
        super().__init__("image", folder)
        self.image = image
        self.port = free_port()
        self.settings = {**settings, "PORT": str(self.port)}

    @property
    def variables(self) -> dict[str, str]:
        """The environment of the container."""
        return {f"YOTO_{key}": value for key, value in self.settings.items()}

    @property
    def address(self) -> str:
        """``host:port``."""
        return f"{HOST}:{self.port}"

    def command(self) -> list[str]:
        return self.image.command(self.image.config["Cmd"], self.variables)

    def answers(self) -> bool:
        return ready(self.port)

    def healthy(self) -> bool:
        """Whether the image's own health check succeeds."""
        kind, *check = self.image.config["Healthcheck"]["Test"]
        assert kind == "CMD"
        return subprocess.run(self.image.command(check, self.variables)).returncode == 0

    def first_process(self) -> psutil.Process:
        """The one that Docker would send its signals to."""
        (found,) = psutil.Process(self.pid).children()
        return found


def build(folder: Path) -> Image:
    """Make the base and build the image below ``folder``; takes minutes and some gigabytes.

    The test is skipped or fails, as ``missing`` says, where that cannot be done.
    """
    for tool in ("mmdebstrap", "buildah"):
        if shutil.which(tool) is None:
            missing(f"there is no {tool}")
    probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    if os.geteuid() != 0 or subprocess.run(probe, capture_output=True).returncode != 0:
        missing("an image needs root and the right to mount")
    (base,) = set(re.findall(r"^FROM (\S+)", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE))
    release = base.rpartition("-")[2]
    builder = _Builder(folder)
    begun = time.monotonic()
    builder.make_base(base, release)
    made = time.monotonic()
    builder.build()
    seconds = {"base": made - begun, "build": time.monotonic() - made}
    (found,) = json.loads(builder.run("images", "--json", NAME))
    (details,) = [json.loads(builder.run("inspect", "--type", "image", NAME))]
    root = builder.run("mount", builder.run("from", "--pull-never", NAME).strip()).strip()
    size = re.fullmatch(r"([\d.]+) MB", found["size"])
    assert size is not None, found["size"]
    config = details["Docker"]["config"]
    return Image(Path(root), config, int(float(size[1]) * 1e6), seconds)


class _Builder:
    """buildah, with all that it keeps in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, *arguments: str) -> str:
        """The output of buildah.

        Raises:
            RuntimeError: it failed; with the end of what it said.
        """
        store = ["--root", str(self._folder / "store"), "--runroot", str(self._folder / "run")]
        # The one driver that works on every file system.
        return _run("buildah", "--storage-driver", "vfs", *store, *arguments)

    def make_base(self, name: str, release: str) -> None:
        """Make the image that the Dockerfile begins with."""
        archive = self._folder / "base.tar"
        _run(
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            '--aptopt=APT::Install-Recommends "false"',
            "--include=python3,python3-venv,python3-pip,ca-certificates",
            f"--customize-hook={LIKE_THE_BASE}",
            release,
            str(archive),
            MIRROR,
        )
        self.run("from", "--name", "base", "scratch")
        self.run("add", "base", str(archive), "/")
        self.run("commit", "--quiet", "--rm", "base", name)
        archive.unlink()

    def build(self) -> None:
        """Carry out the Dockerfile, with the authorities that this machine trusts."""
        npm = self._folder / "npmrc"
        npm.write_text(f"cafile={CERTIFICATES}/ca-certificates.crt\n")
        trusted = [f"{CERTIFICATES}:{CERTIFICATES}:ro", f"{npm}:/root/.npmrc:ro"]
        volumes = [part for volume in trusted for part in ("--volume", volume)]
        how = ["--isolation", "chroot", "--pull-never", "--format", "docker"]
        self.run("bud", *how, *volumes, "--tag", NAME, str(ROOT))


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        said = (done.stdout + done.stderr)[-4000:]
        raise RuntimeError(f"{' '.join(command[:8])} ended with {done.returncode}:\n{said}")
    return done.stdout
