"""What is shown of a file: by its first bytes, bounded, and nothing of what isn't text or an image."""

from __future__ import annotations

import json

import pytest

from services.contracts.registry.artifacts import IMAGE_BYTES, TABLE_COLUMNS, TABLE_ROWS, ArtifactPreview
from services.registry.artifacts.preview import bytes_needed, media_type_of, preview

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def shown(name: str, content: bytes, most: int = 1000) -> ArtifactPreview:
    return preview(name, len(content), content[: bytes_needed(most)], most)


def test_text_is_cut_at_a_whole_character() -> None:
    whole = shown("notes.txt", "größer".encode())
    assert (whole.kind, whole.text, whole.truncated, whole.media_type) == ("text", "größer", False, "text/plain")
    cut = shown("notes.txt", "größer".encode(), most=3)
    assert (cut.text, cut.truncated, cut.size) == ("gr", True, 8)
    assert shown("empty", b"").text == ""


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert shown("a.txt", b"\xef\xbb\xbfa").text == "a"


@pytest.mark.parametrize("content", [b"PK\x03\x04\x00\x00", b"\xff\xfe\x00", b"text\x00", b"caf\xe9"])
def test_what_is_no_text_is_refused_in_words(content: bytes) -> None:
    refused = shown("model.pkl", content)
    assert (refused.kind, refused.text, refused.content) == ("binary", None, None)
    assert refused.refusal
    assert refused.size == len(content)


def test_json_is_whole_and_valid_or_it_is_text() -> None:
    long = json.dumps({"values": list(range(500))}).encode()
    assert shown("metrics.json", long, most=10).kind == "json"
    assert shown("metrics.json", long, most=10).text == long.decode()
    assert shown("metrics.json", b'{"a": ').kind == "text"
    assert shown("deep.json", b"[" * 200_000, most=10).kind == "text"
    huge = b'"' + b"a" * 300_000 + b'"'
    assert (shown("huge.json", huge).kind, shown("huge.json", huge).truncated) == ("text", True)


def test_a_table_shows_its_first_lines_and_columns() -> None:
    small = shown("importance.csv", b'feature,gain\n"dep, delay",0.5\nhour,0.2\n')
    assert (small.kind, small.columns) == ("table", ["feature", "gain"])
    assert (small.rows, small.truncated) == ([["dep, delay", "0.5"], ["hour", "0.2"]], False)
    assert shown("t.tsv", b"a\tb\n1\t2").rows == [["1", "2"]]
    wide = shown("wide.csv", ",".join(map(str, range(TABLE_COLUMNS + 1))).encode())
    assert (len(wide.columns or []), wide.truncated) == (TABLE_COLUMNS, True)
    long = shown("long.csv", b"n\n" + b"1\n" * (TABLE_ROWS + 1))
    assert (len(long.rows or []), long.truncated) == (TABLE_ROWS, True)
    cut = shown("cut.csv", b"n,m\n1,2\n30,40\n", most=10)
    assert (cut.rows, cut.truncated) == ([["1", "2"]], True)
    assert shown("empty.csv", b"").kind == "text"


def test_an_image_is_known_by_its_bytes_and_shown_whole_or_not_at_all() -> None:
    image = shown("plot.txt", PNG)
    assert (image.kind, image.media_type, image.content) == ("image", "image/png", PNG)
    assert shown("photo", b"\xff\xd8\xff" + bytes(50)).media_type == "image/jpeg"
    large = preview("plot.png", IMAGE_BYTES + 1, PNG, 1000)
    assert (large.kind, large.content) == ("too_large", None)
    assert large.refusal


def test_markup_that_can_hold_programs_is_text() -> None:
    for name in ("plot.svg", "report.html"):
        markup = shown(name, b"<svg onload='alert(1)'></svg>")
        assert (markup.kind, markup.text) == ("text", "<svg onload='alert(1)'></svg>")
    assert shown("plot.png", b"<svg></svg>").kind == "text"


def test_the_media_type_is_what_the_name_says() -> None:
    assert [media_type_of(name) for name in ("a.json", "MLmodel", "conda.yaml", "README.MD")] == [
        "application/json",
        "application/octet-stream",
        "application/yaml",
        "text/markdown",
    ]
