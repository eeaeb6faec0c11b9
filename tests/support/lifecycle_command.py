"""The `lifecycle` command with fake parts instead of the real ones, run as a process of its own in tests."""

import sys

from deploy.local import cli
from tests.support.stacks import fake


def main() -> None:
    parts = (fake("gateway"), fake("dashboard", after=("gateway",)))
    setattr(cli, "PARTS", parts)  # noqa: B010 — the type checker rightly minds the assignment
    cli.main()


if __name__ == "__main__":
    sys.argv[0] = "lifecycle"
    main()
