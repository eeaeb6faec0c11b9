"""Starts services in a fraction of their usual time: forks them from a process that has done the importing.

A service started so runs the same `__main__` with its own environment, log and signals; only the imports, several
seconds on a busy machine, are paid once a test run instead of once a test.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from deploy.local.leash import leashed

ROOT = Path(__file__).parents[2]
_PAUSE = 0.01  # seconds between two looks
_PR_SET_PDEATHSIG = 1


class Spawned:
    """A service's process, with the part of `subprocess.Popen`'s ways that tests need."""

    def __init__(self, zygote: _Zygote, pid: int) -> None:
        self._zygote = zygote
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, negative for a signal's number; None while it runs."""
        if self.returncode is None:
            self.returncode = self._zygote.ask({"poll": self.pid})
        return self.returncode

    def wait(self, timeout: float = 30.0) -> int:
        """Its exit code. Raises subprocess.TimeoutExpired (timeout in seconds)."""
        deadline = time.monotonic() + timeout
        while True:
            code = self.poll()
            if code is not None:
                return code
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(_PAUSE)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class _Zygote:
    """One process a module; it dies with the test run, and what it has started dies with it."""

    def __init__(self, module: str) -> None:
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            leashed([sys.executable, "-m", "tests.support.zygote", module]),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def ask(self, request: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        assert line, "the process that starts services has ended"
        return json.loads(line)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


_zygotes: dict[str, _Zygote] = {}


def spawn(module: str, environment: Mapping[str, str], log: Path) -> Spawned:
    """Runs `python -m module` with exactly this environment; what it prints is appended to `log`."""
    zygote = _zygotes.get(module)
    if zygote is not None and not zygote.alive:
        zygote.end()
        zygote = None
    if zygote is None:
        zygote = _zygotes[module] = _Zygote(module)
    log.touch()
    return Spawned(zygote, zygote.ask({"environment": dict(environment), "log": str(log)}))


def end_all() -> None:
    """Ends whatever was started here; the test run calls it once, at its end."""
    while _zygotes:
        _zygotes.popitem()[1].end()


# ---------------------------------------------------------------- the process that forks


def _serve(module: str) -> None:
    importlib.import_module(f"{module}.__main__")
    gc.collect()
    gc.freeze()
    ended: dict[int, int] = {}
    for line in sys.stdin:
        request = json.loads(line)
        answer = _poll(request["poll"], ended) if "poll" in request else _fork(module, request)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _poll(pid: int, ended: dict[int, int]) -> int | None:
    if pid not in ended:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            ended[pid] = os.waitstatus_to_exitcode(status)
    return ended.get(pid)


def _fork(module: str, request: Mapping[str, Any]) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(module, request, parent)
    return pid


def _become(module: str, request: Mapping[str, Any], parent: int) -> NoReturn:
    code = 1
    try:
        os.setsid()
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        null = os.open(os.devnull, os.O_RDONLY)
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for source, target in ((null, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv = [module]
        sys.modules.pop(f"{module}.__main__", None)
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else (0 if end.code is None else 1)
    except BaseException:  # noqa: BLE001  # the log says what; there is nobody to raise it to
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve(sys.argv[1])
