"""Files of the double's runs and versions: directories, text, a table, a picture, and what can't be shown."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

from tests.e2e.double.recorded import Record

_SIGNATURE = "artifact_path: model\nflavors:\n  sklearn:\n    pickled_model: model.pkl\n    sklearn_version: 1.7.2\n"
_TABLE = [["carrier", "rows", "roc_auc"], ["UA", "4812", "0.7133"], ["HA", "342", "0.5804"]]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(width: int = 320, height: int = 180) -> str:
    """A PNG of a slope, in base64."""
    lines = b"".join(
        b"\0" + bytes(70 if abs(height - y - x * height // width) < 3 else 245 for x in range(width))
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines)) + _chunk(b"IEND", b"")
    return base64.b64encode(png).decode()


def _preview(kind: str, size: int, media_type: str, **more: Any) -> Record:
    nothing = dict.fromkeys(("text", "columns", "rows", "bytesBase64", "refusal"))
    return {"kind": kind, "size": size, "mediaType": media_type, "truncated": False, **nothing, **more}


def stored() -> dict[str, Record]:
    """By path; None stands for a directory."""
    metrics = json.dumps({"roc_auc": 0.7133, "log_loss": 0.47}, indent=2)
    too_large = "It has 8.4 MB; pictures are shown up to 1 MiB."
    pickled = "It is neither text nor an image."
    return {
        "metrics.json": _preview("JSON", len(metrics), "application/json", text=metrics),
        "model/MLmodel": _preview("TEXT", 3_120, "text/yaml", text=_SIGNATURE, truncated=True),
        "model/model.pkl": _preview("BINARY", 4_812_000, "application/octet-stream", refusal=pickled),
        "page.html": _preview("TEXT", 31, "text/html", text="<img src=x onerror=alert(1)>"),
        "plots/roc.png": _preview("IMAGE", 2_100, "image/png", bytesBase64=picture()),
        "plots/wall.png": _preview("TOO_LARGE", 8_400_000, "image/png", refusal=too_large),
        "slices.csv": _preview(
            "TABLE", 88, "text/csv", columns=_TABLE[0], rows=_TABLE[1:], text="\n".join(map(",".join, _TABLE))
        ),
    }


def _entry(path: str, preview: Record | None) -> Record:
    return {
        "path": path,
        "name": path.rpartition("/")[2],
        "isDirectory": preview is None,
        "size": preview and preview["size"],
        "mediaType": preview and preview["mediaType"],
        "sha256": preview and "5f" * 32,
        "storedAt": None,
        "preview": lambda _, **__: preview,
    }


def resolvers(connection: Callable[..., Record], found: dict[str, Record]) -> Record:
    """The fields `artifacts` and `artifact` of whatever holds these files."""
    directories = {path.rpartition("/")[0] for path in found} - {""}
    everything = {**dict.fromkeys(directories), **found}

    def artifacts(_: Any, path: str | None = None, first: int | None = None, **__: Any) -> Record:
        level = [one for one in sorted(everything) if one.rpartition("/")[0] == (path or "")]
        return connection([_entry(one, everything[one]) for one in level], first, None)

    def artifact(_: Any, path: str) -> Record | None:
        return _entry(path, everything[path]) if path in everything else None

    return {"artifacts": artifacts, "artifact": artifact}
