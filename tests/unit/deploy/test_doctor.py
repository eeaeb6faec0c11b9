"""The doctor's findings: what is wrong, and what to do."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from deploy.local import binaries
from deploy.local.doctor import DISK_ERROR, DISK_WARNING, Finding, clock, disk_space, examine, python_version
from deploy.local.problems import BinaryMissing, LibraryMissing
from deploy.local.settings import LocalSettings

NOW = 1_790_000_000.0


def only(findings: Iterable[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_plenty_of_disk_is_nothing_to_mention(tmp_path: Path) -> None:
    assert list(disk_space(tmp_path, DISK_WARNING)) == []


def test_little_disk_is_a_warning_and_very_little_an_error(tmp_path: Path) -> None:
    assert only(disk_space(tmp_path, DISK_WARNING - 1)).level == "warning"
    error = only(disk_space(tmp_path, DISK_ERROR - 1))
    assert error.level == "error"
    assert "Only 299 MB of disk are free" in error.problem.what
    assert "--state DIR" in error.problem.fix


def test_an_old_python_is_an_error() -> None:
    assert list(python_version((3, 11))) == []
    assert "Python 3.9 is too old" in only(python_version((3, 9))).problem.what


@pytest.mark.parametrize("now", [0.0, NOW - 3600])
def test_a_clock_behind_what_was_seen_before_is_a_warning(now: float) -> None:
    assert list(clock(NOW, [NOW])) == []
    assert only(clock(now, [NOW])).level == "warning"


def test_a_state_directory_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a directory")
    findings = list(examine(file / "state", {}, LocalSettings()))
    assert any("can't be written" in finding.problem.what for finding in findings)


def test_a_record_that_is_no_record_is_an_error(tmp_path: Path) -> None:
    tmp_path.joinpath("stack.json").write_text('{"parts": 3}')
    findings = list(examine(tmp_path, {}, LocalSettings()))
    assert any("stack.json is not a record" in finding.problem.what for finding in findings)


def test_missing_libraries_are_named_with_the_command_that_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ldd = tmp_path / "ldd"
    ldd.write_text(
        "#!/bin/sh\n"
        "echo 'libcurl.so.4 => not found'\necho 'libssl.so.3 => not found'\necho 'libc.so.6 => /lib/libc.so.6'\n"
    )
    ldd.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LibraryMissing, match=r"libcurl\.so\.4, libssl\.so\.3") as missing:
        binaries.require_libraries(Path("mongod"))
    assert missing.value.fix.endswith("apt-get install libcurl4 libssl3")


def test_a_machine_without_a_fitting_server_is_told_how_to_use_one_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "MONGOD_WHEEL", "no-such-distribution")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BinaryMissing, match="no mongod that this system") as missing:
        binaries.find_mongod()
    assert "set MONGODB_URI" in missing.value.fix


def test_a_server_on_the_path_serves_where_no_wheel_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "NATS_WHEEL", "no-such-distribution")
    program = tmp_path / "nats-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert binaries.find_nats_server() == program
