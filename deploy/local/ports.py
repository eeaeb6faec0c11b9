"""Ports of the local machine: which are free, who holds the others, and a stable choice of free ones."""

import errno
import random
import socket
from collections.abc import Iterable, Mapping

import psutil

from deploy.local.problems import PortTaken

# Below Linux's and macOS's ephemeral ranges (32768– and 49152–), so no outgoing connection takes one meanwhile.
AUTO_PORTS = range(20000, 32000)
_ATTEMPTS = 200


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now. A port in TIME_WAIT counts as free."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def choose(names: Iterable[str], keep: Mapping[str, int] | None = None) -> dict[str, int]:
    """A free port for each name: the one in `keep` where still free, else a random one of AUTO_PORTS."""
    chosen: dict[str, int] = {}
    for name in names:
        kept = (keep or {}).get(name)
        if kept is not None and kept not in chosen.values() and is_free(kept):
            chosen[name] = kept
        else:
            chosen[name] = _random_free(excluding=chosen.values())
    return chosen


def free_port() -> int:
    """One free port."""
    return _random_free(excluding=())


def _random_free(excluding: Iterable[int]) -> int:
    taken = set(excluding)
    for _ in range(_ATTEMPTS):
        port = random.choice(AUTO_PORTS)
        if port not in taken and is_free(port):
            return port
    raise PortTaken(
        f"No free port found between {AUTO_PORTS.start} and {AUTO_PORTS.stop}.",
        "Stop some of the servers that run on this machine.",
    )


def holder(port: int) -> psutil.Process | None:
    """The process that listens on a port, or None where nobody does or the system doesn't tell us."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        if listens and connection.pid:
            try:
                return psutil.Process(connection.pid)
            except psutil.NoSuchProcess:
                return None
    return None


def taken(name: str, port: int, setting: str) -> PortTaken:
    """The problem of a taken port, said in words, with its holder where the system tells."""
    who = holder(port)
    by = "another process"
    if who is not None:
        try:
            command = " ".join(who.cmdline())[:80]
            by = f"{who.name()} (process {who.pid}: {command})"
        except psutil.Error:
            by = f"process {who.pid}"
    return PortTaken(
        f"Port {port}, meant for {name}, is taken by {by}.",
        f"Stop that process, or choose another port with {setting}=…, or let free ones be found with --ports auto.",
    )
