"""What the helper records of code: the commit, what isn't committed, the command; no secrets, no data."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlflow
import pytest

import lifecycle


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=anna", "-c", "user.email=anna@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "train.py").write_text("print(1)\n")
    git(folder, "add", "train.py")
    git(folder, "commit", "--quiet", "-m", "first")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found: dict[str, Any] = {}
    monkeypatch.setattr(mlflow, "set_tags", found.update)
    monkeypatch.setattr(mlflow, "log_text", lambda text, path: found.update({path: text}))
    return found


def test_committed_code_needs_no_difference(repository: Path, logged: dict[str, Any]) -> None:
    found = lifecycle.record_code()
    assert found is not None
    assert (found.dirty, found.diff_bytes, len(found.commit)) == (False, 0, 40)
    assert logged["mlflow.source.git.commit"] == found.commit
    assert logged["lifecycle.code.dirty"] == "false"
    assert lifecycle.DIFF_PATH not in logged


def test_the_difference_applies_and_holds_new_source_files_only(
    repository: Path, logged: dict[str, Any], tmp_path: Path
) -> None:
    (repository / "train.py").write_text("print('Überraschung')\n")
    (repository / "new.py").write_text("x = 1\n")
    (repository / ".env").write_text("SECRET=1\n")
    (repository / "data.parquet").write_bytes(b"PAR1")
    (repository / "big.json").write_text("1" * 300_000)
    before = subprocess.check_output(["git", "status", "--porcelain"], cwd=repository)
    found = lifecycle.record_code()
    assert found is not None
    assert found.dirty
    assert subprocess.check_output(["git", "status", "--porcelain"], cwd=repository) == before, "the index stays"
    text = logged[lifecycle.DIFF_PATH]
    assert "new.py" in text
    for secret in ("SECRET", "data.parquet", "big.json"):
        assert secret not in text
    clone, patch = tmp_path / "clone", tmp_path / "a.diff"
    patch.write_text(text)
    git(tmp_path, "clone", "--quiet", str(repository), str(clone))
    git(clone, "apply", str(patch))
    assert (clone / "train.py").read_text() == "print('Überraschung')\n"
    assert (clone / "new.py").read_text() == "x = 1\n"


def test_the_command_is_exact_and_belongs_to_the_repository(
    repository: Path, logged: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = repository / "src" / "train.py"
    script.parent.mkdir()
    monkeypatch.chdir(script.parent)
    monkeypatch.setattr(sys, "orig_argv", ["/usr/bin/python3.11", str(script), "--lr", "0.1", "/elsewhere/x"])
    lifecycle.record_code()
    assert json.loads(logged["lifecycle.command"]) == ["python", "train.py", "--lr", "0.1", "/elsewhere/x"]
    assert logged["lifecycle.code.directory"] == "src"


def test_a_remotes_credentials_are_never_sent(repository: Path, logged: dict[str, Any]) -> None:
    git(repository, "remote", "add", "origin", "https://anna:secret@example.org:8443/team/repo.git")
    lifecycle.record_code()
    assert logged["mlflow.source.git.repoURL"] == "https://example.org:8443/team/repo.git"
    assert lifecycle.without_credentials("git@example.org:team/repo.git") == "git@example.org:team/repo.git"


def test_outside_of_a_repository_nothing_is_recorded(
    tmp_path: Path, logged: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert lifecycle.record_code() is None
    assert logged == {}


def test_a_difference_that_is_too_large_is_refused(
    repository: Path, logged: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "MAX_DIFF_BYTES", 10)
    (repository / "train.py").write_text("print(2)\n")
    with pytest.raises(ValueError, match="Commit before training"):
        lifecycle.record_code()


def test_the_environment_pins_every_package(logged: dict[str, Any]) -> None:
    count = lifecycle.record_environment()
    lines = logged[lifecycle.REQUIREMENTS_PATH].splitlines()
    assert lines[0].startswith("# python 3.")
    assert len(lines) == count + 1
    assert any(line.startswith("numpy==") for line in lines)
