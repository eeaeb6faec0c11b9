"""Starts a command that cannot outlive the process that started it, even when that one is killed with -9.

Run as a script (`python -I -S leash.py PARENT_PID COMMAND…`), it ties itself to its parent and then becomes the
command, so the process id stays the same and signals reach the command directly. It imports almost nothing: it costs
about 15 ms.

Linux: the kernel's parent-death signal (prctl(2), PR_SET_PDEATHSIG). Two caveats: the signal follows the *thread* that
started the child, so start children from a thread that lives as long as they should (the main thread); and it is
cleared when the command is a set-user-id program. Elsewhere: a small watcher process looks twice a second whether the
parent lives.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1
_WATCH_ENV = "LIFECYCLE_LEASH_WATCH"  # set to 1 to use the watcher on Linux too
_WATCH_INTERVAL = 0.5  # seconds


def leashed(command: Sequence[str], *, parent: int | None = None) -> list[str]:
    """The command line that runs `command` tied to the life of `parent` (this process unless told otherwise)."""
    script = os.path.abspath(__file__)  # noqa: PTH100 — pathlib would double the start time
    return [sys.executable, "-I", "-S", script, str(parent or os.getpid()), *command]


def _die_with_parent(parent: int) -> None:
    if sys.platform == "linux" and os.environ.get(_WATCH_ENV) != "1":
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
        if os.getppid() != parent:  # it died before the leash was on
            sys.exit(1)
        return
    command = os.getpid()
    if os.fork() == 0:
        _watch(parent, command)


def _watch(parent: int, command: int) -> None:
    while os.getppid() == command:
        try:
            os.kill(parent, 0)
        except ProcessLookupError:
            os.kill(command, signal.SIGKILL)
            break
        except PermissionError:
            pass  # it lives, as another user
        time.sleep(_WATCH_INTERVAL)
    os._exit(0)


def _main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    _die_with_parent(parent)
    try:
        os.execvp(command[0], command)  # noqa: S606 — no shell is the point
    except OSError as error:
        sys.exit(f"cannot start {command[0]}: {error.strerror}")


if __name__ == "__main__":
    _main()
