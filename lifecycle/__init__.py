"""For training scripts: records in the active MLflow run what a repeat needs and MLflow's client doesn't send.

import lifecycle, mlflow

with mlflow.start_run():
    lifecycle.record_code()         # the commit, what isn't committed yet, and the exact command
    lifecycle.record_environment()  # every installed package with its version
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

__all__ = ["Code", "record_code", "record_environment"]

DIFF_PATH = "lifecycle/uncommitted.diff"
REQUIREMENTS_PATH = "lifecycle/requirements.txt"
MAX_DIFF_BYTES = 5_000_000
MAX_NEW_FILE_BYTES = 256_000
SOURCE_SUFFIXES = frozenset(
    {".py", ".ipynb", ".sh", ".sql", ".r", ".toml", ".yaml", ".yml", ".cfg", ".ini", ".json", ".txt", ".md"}
)
"""New files that count as code. Others, such as data and .env files, are never sent."""
GIT_SECONDS = 60


@dataclass(frozen=True)
class Code:
    """What was recorded: the commit, whether anything wasn't committed, and how large that difference is."""

    commit: str
    dirty: bool
    diff_bytes: int


def record_code(directory: str | os.PathLike[str] | None = None) -> Code | None:
    """Records the code version in the active run. None, and nothing recorded, outside of a git repository.

    What isn't committed (changes, and new source files up to 256 KB that git doesn't ignore) is logged as the artifact
    lifecycle/uncommitted.diff. Raises ValueError if that is larger than 5 MB.
    """
    import mlflow

    found = _git(Path(directory or Path.cwd()), "rev-parse", "--show-toplevel")
    commit = None if found is None else _git(Path(found), "rev-parse", "HEAD")
    if found is None or commit is None:
        return None
    root = Path(found)
    diff = uncommitted(root)
    if len(diff) > MAX_DIFF_BYTES:
        raise ValueError(f"{len(diff)} bytes aren't committed; the most is {MAX_DIFF_BYTES}. Commit before training.")
    tags = {
        "mlflow.source.git.commit": commit,
        "lifecycle.code.dirty": "true" if diff else "false",
        "lifecycle.code.directory": _below(root, Path.cwd()),
        "lifecycle.command": json.dumps(command(root)),
    }
    remote = _git(root, "remote", "get-url", "origin")
    if remote:
        tags["mlflow.source.git.repoURL"] = without_credentials(remote)
    mlflow.set_tags(tags)
    if diff:
        mlflow.log_text(diff.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode(), DIFF_PATH)
    return Code(commit, bool(diff), len(diff))


def record_environment() -> int:
    """Logs every installed package with its version as lifecycle/requirements.txt; returns how many there are."""
    import mlflow

    packages = {
        (name.lower().replace("_", "-")): entry.version
        for entry in importlib.metadata.distributions()
        if (name := entry.metadata["Name"])
    }
    lines = [f"# python {platform.python_version()} on {platform.platform()}"]
    lines += [f"{name}=={version}" for name, version in sorted(packages.items())]
    mlflow.log_text("\n".join(lines) + "\n", REQUIREMENTS_PATH)
    return len(packages)


def uncommitted(root: Path) -> bytes:
    """The difference between the commit and the work tree, new source files included. The index stays as it is."""
    listed = _run(root, "ls-files", "--others", "--exclude-standard", "-z").decode("utf-8", "surrogateescape")
    new = [name for name in listed.split("\0") if name and _is_source(root / name)]
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        real = Path(_run(root, "rev-parse", "--git-path", "index").decode().strip())
        if (root / real).exists():
            shutil.copy2(root / real, index)  # with its time: git looks closer at files as young as the index
        environment = {**os.environ, "GIT_INDEX_FILE": str(index)}
        if new:
            _run(root, "add", "--intent-to-add", "--", *new, environment=environment)
        return _run(root, "diff", "--binary", "--no-color", "--no-ext-diff", "HEAD", environment=environment)


def command(root: Path) -> list[str]:
    """The command line of this process, with `python` for the interpreter and paths below the repository."""
    words = list(getattr(sys, "orig_argv", sys.argv))
    if not words:
        return []
    return ["python", *(_relative(root, word) for word in words[1:])]


def without_credentials(url: str) -> str:
    """`https://user:secret@host/repo` → `https://host/repo`."""
    parts = urlsplit(url)
    if not parts.scheme or parts.username is None:
        return url
    host = parts.hostname or ""
    return urlunsplit(parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host))


def _relative(root: Path, word: str) -> str:
    path = Path(word)
    return _below(Path.cwd(), path) if path.is_absolute() and path.is_relative_to(root) else word


def _below(root: Path, path: Path) -> str:
    found = os.path.relpath(path.resolve(), root.resolve())
    return "" if found == "." else found


def _is_source(path: Path) -> bool:
    return path.suffix.lower() in SOURCE_SUFFIXES and path.is_file() and path.stat().st_size <= MAX_NEW_FILE_BYTES


def _git(directory: Path, *words: str) -> str | None:
    """What git says; None if it fails, or isn't there."""
    try:
        return _run(directory, *words).decode().strip() or None
    except (OSError, subprocess.SubprocessError):
        return None


def _run(directory: Path, *words: str, environment: dict[str, str] | None = None) -> bytes:
    done = subprocess.run(  # noqa: S603
        ["git", "-C", str(directory), *words],  # noqa: S607
        capture_output=True, check=True, timeout=GIT_SECONDS, env=environment,
    )  # fmt: skip
    return done.stdout
