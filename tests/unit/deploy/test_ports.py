"""Choosing ports, and telling who holds one."""

import os
import socket

from deploy.local.ports import AUTO_PORTS, choose, holder, is_free, taken


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


def test_each_name_gets_a_free_port_of_its_own_outside_the_ephemeral_range() -> None:
    ports = choose("abcdefgh")
    assert len(set(ports.values())) == 8
    assert all(port in AUTO_PORTS and is_free(port) for port in ports.values())


def test_earlier_ports_are_kept_unless_somebody_took_them() -> None:
    earlier = choose("ab")
    assert choose("ab", keep=earlier) == earlier
    with socket.create_server(("127.0.0.1", earlier["a"])):
        later = choose("ab", keep=earlier)
    assert later["b"] == earlier["b"]
    assert later["a"] != earlier["a"]


def test_the_holder_of_a_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        process = holder(port)
        assert process is not None
        assert process.pid == os.getpid()
        problem = taken("gateway", port, "GATEWAY_PORT")
    assert f"Port {port}, meant for gateway, is taken by" in problem.what
    assert f"process {os.getpid()}" in problem.what
    assert "GATEWAY_PORT" in problem.fix
    assert holder(port) is None
