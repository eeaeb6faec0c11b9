"""What can be wrong with this machine or this stack, in words: what it is, and what to do about it."""


class Problem(Exception):
    """Something the person at the keyboard can put right.

    what: one sentence that says what is wrong.
    fix: one sentence that says what to do.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what} {fix}")
        self.what = what
        self.fix = fix


class BinaryMissing(Problem):
    """There is no `mongod` or `nats-server` that this machine can run."""


class LibraryMissing(Problem):
    """A system library that a server is linked against isn't installed."""


class PortTaken(Problem):
    """Another process listens where a part should."""


class Refused(Problem):
    """A combination of settings that would be unsafe."""


class StateUnusable(Problem):
    """The state directory can't be used: not writable, or written by something else."""


class AlreadyRunning(Problem):
    """Another supervisor holds this state directory."""


class StartFailed(Problem):
    """A part did not become ready."""
