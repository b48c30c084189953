"""Importing opens nothing, starts nothing, and reads no environment; nor does a new application."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

CHILD = """
import os, pkgutil, socket, subprocess, sys, threading

class Forbidden(AssertionError):
    pass

def forbid(*arguments, **options):
    raise Forbidden("an import opened something")

class NoEnvironment(dict):
    read = []
    def __getitem__(self, key):
        if key.startswith("YOTO"):
            self.read.append(key)
        return super().__getitem__(key)
    def get(self, key, default=None):
        if key.startswith("YOTO"):
            self.read.append(key)
        return super().get(key, default)

socket.socket.connect = forbid
socket.socket.bind = forbid
subprocess.Popen.__init__ = forbid
os.environ = NoEnvironment(os.environ)

import app, config, run, yoto
names = [
    module.name
    for package in (app, yoto)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]
for name in names:
    # Regopy asks the system for its processor when it is imported, which is when it is chosen.
    if name != "yoto.rooms.policies.engine.embedded.by_regopy.library":
        __import__(name)
threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
assert not threads, threads
assert not NoEnvironment.read, NoEnvironment.read
print(len(names))
"""


def test_importing_every_module_opens_nothing() -> None:
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD], cwd=ROOT, capture_output=True, text=True
    )
    assert child.returncode == 0, child.stderr
    assert int(child.stdout) > 50


MAKE = """
import socket, sqlite3, subprocess, sys, threading

def forbid(*arguments, **options):
    raise AssertionError("making an application opened something")

socket.socket.connect = sqlite3.connect = sqlite3.dbapi2.connect = forbid
subprocess.Popen.__init__ = threading.Thread.start = forbid

from app import create_app
made = {"ENVIRONMENT": "testing", "DATABASE_URL": f"sqlite:///{sys.argv[1]}/none.db"}
print(len(create_app(made, instance_path=sys.argv[1]).url_map._rules))
"""


def test_making_an_application_opens_nothing_and_starts_nothing(tmp_path: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MAKE, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr
    assert int(child.stdout) > 50


def test_no_module_of_the_platform_imports_an_event_loop() -> None:
    child = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, pkgutil, yoto\n"
            "for m in pkgutil.walk_packages(yoto.__path__, 'yoto.'): __import__(m.name)\n"
            "loaded = {'eventlet', 'gevent'} & set(sys.modules)\n"
            "sys.exit(f'imported: {loaded}' if loaded else 0)",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr
