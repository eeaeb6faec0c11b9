"""A bundle holds code, difference, packages and data references; what can't be had is said."""

import hashlib
import subprocess
from pathlib import Path

import msgspec
import pytest

from deploy.local import bundle
from deploy.local.problems import Problem
from deploy.local.reproduce import differing_packages
from services.contracts.reproduction import BundleFile, DataReference, ReproductionPlan

REQUIREMENTS = b"numpy==0.0.1\nno-such-package==1\n# a comment\n"


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=anna", "-c", "user.email=anna@example.org"]
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *words], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "train.py").write_text("print(1)\n")
    git(folder, "add", "train.py")
    git(folder, "commit", "--quiet", "-m", "first")
    return folder


def file(path: str, content: bytes) -> BundleFile:
    digest = hashlib.sha256(content).hexdigest()
    return BundleFile(path=path, url_path=f"1/r/artifacts/{path}", size=len(content), sha256=digest)


def plan(**changes: object) -> ReproductionPlan:
    values: dict[str, object] = {
        "run_id": "r1", "run_name": "n", "experiment_name": "e", "repository": "", "commit": "", "entry_point": "",
        "command": ["python", "train.py", "a b"], "working_directory": "", "params": {"lr": "1"},
        "metrics": {"auc": 0.7}, "seeds": {}, "datasets": [], "diff": None, "environment": [], "score": 0.9,
        "missing": [], **changes,
    }  # fmt: skip
    return ReproductionPlan(**values)  # type: ignore[arg-type]


def fetched(found: BundleFile) -> bytes:
    return {"requirements.txt": REQUIREMENTS}[found.path]


def test_the_code_is_checked_out_with_its_difference(repository: Path, tmp_path: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD").strip()
    (repository / "train.py").write_text("print(2)\n")
    diff = git(repository, "diff").encode()
    environment = [file("requirements.txt", REQUIREMENTS)]
    wish = plan(commit=commit, diff=file("uncommitted.diff", diff), environment=environment)
    folder = tmp_path / "bundle"
    lacking = bundle.write(wish, folder, lambda f: diff if f.path.endswith("diff") else fetched(f), repository)
    assert lacking == []
    assert (folder / "code" / "train.py").read_text() == "print(2)\n"
    assert (folder / "environment" / "requirements.txt").read_bytes() == REQUIREMENTS
    assert (folder / "run.sh").read_text().endswith("python train.py 'a b'\n")
    assert msgspec.json.decode((folder / "plan.json").read_bytes(), type=ReproductionPlan) == wish
    assert "no-such-package not installed instead of 1" in differing_packages(folder)
    with pytest.raises(Problem, match="isn't empty"):
        bundle.write(wish, folder, fetched, repository)


def test_what_cant_be_had_is_said(repository: Path, tmp_path: Path) -> None:
    data = tmp_path / "rows.csv"
    data.write_text("changed")
    gone = DataReference(
        dataset="gone", digest="d", context=None, location=str(tmp_path / "no.csv"), source_type="local"
    )
    changed = DataReference(
        dataset="rows", digest="d", context=None, location=str(data), source_type="local", sha256="0" * 64
    )
    wish = plan(commit="f" * 40, datasets=[gone, changed], missing=["seed"], command=[])
    folder = tmp_path / "bundle"
    lacking = bundle.write(wish, folder, fetched, repository)
    assert lacking[0] == "seed wasn't recorded"
    assert "no clone here has commit ffffffffffff" in lacking[1]
    assert [words.split(":")[0] for words in lacking[2:]] == ["the data gone", "the data rows"]
    assert "exit 2" in (folder / "run.sh").read_text()
    assert all(words in (folder / "README.md").read_text() for words in lacking)


def test_a_file_that_isnt_the_one_logged_or_leads_out_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="digest differs"):
        bundle.write(plan(environment=[file("requirements.txt", b"other")]), tmp_path / "a", fetched, None)
    outside = file("../../evil.txt", b"x")
    with pytest.raises(Problem, match="leads out"):
        bundle.write(plan(environment=[outside]), tmp_path / "b", lambda _: b"x", None)
