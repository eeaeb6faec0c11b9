"""The state directory: one supervisor's lock, the record that `status` reads, the secret, the logs."""

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import msgspec
import psutil

from deploy.local.problems import AlreadyRunning, StateUnusable

_SECRET_BYTES = 32  # 256 bits
_LOG_LIMIT = 10 * 1024 * 1024  # bytes; a larger log is set aside
_LOGS_KEPT = 2  # set-aside logs of a part
_LOOK_AGAIN = 0.02  # seconds
_SAME_START_S = 1.0  # clock granularity when two start times of a process are compared


class PartState(StrEnum):
    """How a part is doing."""

    STARTING = "starting"  # not ready yet since it was started, or waiting for others
    READY = "ready"
    UNREADY = "unready"  # was ready, runs, says it can't serve
    RESTARTING = "restarting"  # ended or was ended; comes again after a pause
    STOPPED = "stopped"


class ProcessId(msgspec.Struct, frozen=True):
    """A process that can't be mistaken for a later one with the same number. started: seconds since the epoch."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """The running process with that number. Raises psutil.NoSuchProcess."""
        return cls(pid, psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """The process, or None when it has ended."""
        try:
            process = psutil.Process(self.pid)
            alive = process.status() != psutil.STATUS_ZOMBIE
            return process if alive and abs(process.create_time() - self.started) < _SAME_START_S else None
        except psutil.NoSuchProcess:
            return None


class PartRecord(msgspec.Struct):
    """A part as the record shows it. since: when the state began, seconds since the epoch. rss: bytes of memory."""

    state: PartState = PartState.STOPPED
    url: str = ""
    process: ProcessId | None = None
    restarts: int = 0
    since: float = 0.0
    reason: str = ""
    elsewhere: bool = False
    rss: int | None = None


class StackRecord(msgspec.Struct):
    """What STATE/stack.json says. state: starting, ready, unready, stopping or stopped."""

    state: str = "stopped"
    supervisor: ProcessId | None = None
    host: str = "127.0.0.1"
    ports: dict[str, int] = msgspec.field(default_factory=dict)
    urls: dict[str, str] = msgspec.field(default_factory=dict)
    parts: dict[str, PartRecord] = msgspec.field(default_factory=dict)


class StateDirectory:
    """A directory that belongs to one stack."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._record = self.path / "stack.json"
        self._lock = self.path / "lock"
        self._secret = self.path / "auth-secret"
        self.logs = self.path / "logs"

    def prepare(self) -> None:
        """Makes the directory. Raises StateUnusable when it can't be written."""
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            probe = self.path / f".write-{os.getpid()}"
            probe.write_text("")
            probe.unlink()
        except OSError as error:
            raise StateUnusable(
                f"The state directory {self.path} can't be written: {error.strerror}.",
                "Choose another one with --state DIR, or make that one writable for you.",
            ) from error

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the directory for this process. Raises AlreadyRunning when another one holds it."""
        with self._lock.open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyRunning(
                    f"A stack is already running in {self.path}.",
                    f"`lifecycle status --state {self.path}` shows it, `lifecycle down --state {self.path}` stops it.",
                ) from None
            yield

    def running(self) -> bool:
        """Whether a supervisor holds the directory."""
        if not self._lock.exists():
            return False
        with self._lock.open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def write(self, record: StackRecord) -> None:
        """Replaces the record in one step: a reader sees the old one or the new one."""
        fresh = self._record.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2))
        fresh.replace(self._record)

    def last_record(self) -> StackRecord:
        """The record as the last supervisor left it; an empty one when there is none."""
        try:
            return msgspec.json.decode(self._record.read_bytes(), type=StackRecord)
        except (FileNotFoundError, NotADirectoryError):
            return StackRecord()
        except msgspec.MsgspecError as error:
            raise StateUnusable(
                f"{self._record} is not a record of this product: {error}.",
                "Choose another state directory with --state DIR, or remove that file.",
            ) from error

    def record(self) -> StackRecord:
        """The record as it is true now: stopped when no supervisor runs, with the memory of each process."""
        record = self.last_record()
        if not self.running():
            record.state, record.supervisor = "stopped", None
            for part in record.parts.values():
                part.state, part.process = PartState.STOPPED, None
        for part in record.parts.values():
            process = part.process.process() if part.process else None
            with contextlib.suppress(psutil.Error):
                part.rss = process.memory_info().rss if process else None
        return record

    def secret(self) -> str:
        """The stack's own secret for authentication, made once, readable by the owner only."""
        if not self._secret.exists():
            fresh = self._secret.with_suffix(f".{os.getpid()}")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
                handle.write(secrets.token_hex(_SECRET_BYTES))
            fresh.replace(self._secret)
        return self._secret.read_text().strip()

    def log(self, part: str) -> Path:
        """Where a part's output goes."""
        return self.logs / f"{part}.log"

    def tail(self, part: str, lines: int = 15) -> list[str]:
        """The last lines of a part's log."""
        try:
            with self.log(part).open("rb") as handle:
                handle.seek(0, os.SEEK_END)
                handle.seek(max(0, handle.tell() - 400 * lines))
                return handle.read().decode(errors="replace").splitlines()[-lines:]
        except FileNotFoundError:
            return []

    def rotate(self, part: str, limit: int = _LOG_LIMIT) -> None:
        """Sets a part's log aside when it is larger than `limit` bytes, and forgets the oldest.

        The file is copied and emptied, so a running process keeps writing to it (it is opened for appending).
        """
        log = self.log(part)
        if not log.exists() or log.stat().st_size <= limit:
            return
        for number in range(_LOGS_KEPT, 1, -1):
            older = log.with_suffix(f".log.{number - 1}")
            if older.exists():
                older.replace(log.with_suffix(f".log.{number}"))
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)

    def end_leftovers(self, within: float = 10.0) -> list[int]:
        """Ends processes that a killed supervisor may have left, and returns their numbers.

        The leash has normally ended them already; this also waits until they are really gone.
        """
        ids = [part.process for part in self.last_record().parts.values() if part.process]
        left = [process for process in ids if process.process() is not None]
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        deadline = time.monotonic() + within
        while alive := [process.pid for process in left if process.process() is not None]:
            if time.monotonic() > deadline:
                raise StateUnusable(
                    f"Processes of an earlier run can't be ended: {', '.join(map(str, alive))}.",
                    "End them by hand, then start again.",
                )
            time.sleep(_LOOK_AGAIN)
        return [process.pid for process in left]


def now() -> float:
    """Seconds since the epoch."""
    return time.time()
