# ruff: noqa: E501  # lists of bad input
"""Artifact paths: no encoding leads out, and ranges are what HTTP says."""

import pytest

from services.contracts.errors import Invalid
from services.registry.artifacts.rules import ancestors, byte_range, clean_path, file_path, served_path, split


@pytest.mark.parametrize(
    "path",
    [
        "..", "../x", "a/../b", "a/..", "/etc/passwd", "%2e%2e/x", "%2e%2e%2fx", "..%2fx", "%252e%252e/x", "%25252e%25252e%25252fx",
        "%2fetc", "a\\..\\b", "..\\x", "%5c..%5cx", "C:/x", "c:\\x", "file:///etc/passwd", "FILE:/x", "a#b", "a%23b", "a\0b",
        "a%00b", "a\nb", "\\x", "a\x7fb", "\ud800", " ../x", "a/.. /x", "..;/x", "x" * 3001, "模" * 400,
    ],
)  # fmt: skip
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(Invalid):
        clean_path(path)


def test_endless_encodings_are_refused() -> None:
    with pytest.raises(Invalid):
        clean_path("%" + "25" * 40 + "2e")


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("a/b", "a/b"),
        ("a//b/", "a/b"),
        ("./a", "a"),
        ("", ""),
        ("a%20b", "a b"),
        ("a..b/...", "a..b/..."),
        ("größe", "größe"),
        ("a\\b", "a\\b"),
        ("a\tb", "ab"),
        ("9.41.00\u202fAM.png", "9.41.00\u202fAM.png"),
    ],
)
def test_a_good_path_is_kept_in_one_form(path: str, clean: str) -> None:
    assert clean_path(path) == clean


def test_a_file_has_a_name() -> None:
    for path in ("", "a/", "."):
        with pytest.raises(Invalid):
            file_path(path)
    assert split("a/b/c") == ("a/b", "c")
    assert ancestors("a/b/c") == ["a", "a/b"]


def test_only_our_own_locations_are_served() -> None:
    assert served_path("mlflow-artifacts:/1/r/artifacts") == "1/r/artifacts"
    for location in ("s3://b/x", "mlflow-artifacts://host/x", "/tmp/x", "file:///x"):
        assert served_path(location) is None


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-4", (0, 5)),
        ("bytes=5-", (5, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes=3-99", (3, 10)),
        ("bytes=0-1,4-5", None),
        ("bytes=5-2", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        ("bytes=-", None),
    ],
)
def test_a_range_is_one_piece_or_everything(header: str, found: tuple[int, int] | None) -> None:
    assert byte_range(header, 10) == found


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_beyond_the_end_is_said_so(header: str) -> None:
    with pytest.raises(Invalid) as refused:
        byte_range(header, 10)
    assert refused.value.code == "RANGE_NOT_SATISFIABLE"
