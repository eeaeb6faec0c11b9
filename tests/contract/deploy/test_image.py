"""The image: linted, pinned, without root, made of the lock; and its health check against a real listener."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.docker.ready import main
from deploy.local.ports import choose
from tests.contract.deploy.tools import ROOT, run, tool

DOCKERFILE = ROOT / "deploy/docker/Dockerfile"


def test_hadolint_finds_nothing() -> None:
    result = run(tool("hadolint"), "--failure-threshold", "style", DOCKERFILE)
    assert (result.returncode, result.stdout) == (0, ""), result.stdout + result.stderr


def test_hadolint_does_bite(tmp_path: Path) -> None:
    planted = tmp_path / "Dockerfile"
    planted.write_text(DOCKERFILE.read_text().replace("python:3.11-slim-bookworm AS build", "python AS build"))
    result = run(tool("hadolint"), planted)
    assert result.returncode == 1
    assert "DL3006" in result.stdout


def test_the_packages_come_from_the_lock_with_their_hashes() -> None:
    installs = [line for line in DOCKERFILE.read_text().splitlines() if "pip install" in line]
    assert len(installs) == 2
    assert "--require-hashes -r requirements/run.lock" in installs[0]
    assert "--no-index" in installs[1], "our own package brings nothing from outside"


def test_the_process_is_not_root() -> None:
    last_user = [line for line in DOCKERFILE.read_text().splitlines() if line.startswith("USER ")][-1]
    assert last_user == "USER 10001:10001", "a number, so that Kubernetes can see that it isn't root"


def test_everything_copied_is_there_and_let_through() -> None:
    text = DOCKERFILE.read_text().splitlines()
    copied = [word for line in text if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]]
    let_through = (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text().splitlines()
    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in let_through, source


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_follows_readiness(status: int, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(status) as port:
        assert main([str(port)]) == code
    assert "the reasons" in capsys.readouterr().out


def test_the_health_check_fails_when_nobody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(choose(["nobody"])["nobody"])]) == 1
    assert "no answer" in capsys.readouterr().out


def test_the_health_check_wants_a_port() -> None:
    assert main([]) == 2
    assert main(["registry"]) == 2


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A listener that answers every request with `status`; its port."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/readyz"
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b'{"reasons": "the reasons"}')

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the parent's name
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
