"""How a file is sent: what its name says it is, and always as an attachment, so that no browser runs an upload."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from urllib.parse import quote

# fmt: off
_TEXTS = frozenset({
    "txt", "log", "err", "cfg", "conf", "cnf", "cf", "ini", "properties", "prop", "hocon", "toml", "yaml", "yml", "xml",
    "json", "js", "py", "py3", "csv", "tsv", "md", "rst", "ipynb", "MLmodel", "mlproject",
})
# fmt: on
"""Extensions, and names without one, that MLflow's clients expect as plain text."""
_UNKNOWN = "application/octet-stream"
_TOKEN = re.compile(r"[\w!#$%&'*+\-.^`|~]+", re.ASCII)


def headers_of_file(name: str) -> dict[str, str]:
    """The headers that tell a client what to do with the file `name`."""
    return {
        "content-type": media_type(name),  # with no charset: nobody knows it
        "content-disposition": _attachment(name),
        "x-content-type-options": "nosniff",
    }


def media_type(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    if (extension if dot and stem else name) in _TEXTS:
        return "text/plain"
    return mimetypes.guess_type(name)[0] or _UNKNOWN


def _attachment(name: str) -> str:
    """RFC 6266: the name in ASCII, and beside it in UTF-8 where ASCII can't say it."""
    if name.isascii():
        return f"attachment; filename={_quoted(name)}"
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() or "download"
    return f"attachment; filename={_quoted(ascii_name)}; filename*=UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"


def _quoted(name: str) -> str:
    if _TOKEN.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
