"""A port that is taken is named, and the next free one used."""

from __future__ import annotations

import socket

from runtime.ports import ANY_PORTS, Ports, any_free_port, choose_ports, is_free


def test_a_taken_port_is_named_and_the_next_free_one_used() -> None:
    said: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        chosen = choose_ports(ANY_PORTS.model_copy(update={"portal": port}), said.append)
    assert chosen.portal > port
    assert said == [f"Port {port} is taken; the portal uses {chosen.portal}."]


def test_two_parts_never_get_the_same_port() -> None:
    port = any_free_port()
    wanted = Ports(**dict.fromkeys(Ports.model_fields, port))
    chosen = choose_ports(wanted, lambda _line: None)
    assert len({number for _, number in chosen}) == len(Ports.model_fields)


def test_a_port_that_is_taken_by_ipv6_only_counts_as_taken() -> None:
    with socket.socket(socket.AF_INET6) as taken:
        taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        taken.bind(("::1", 0))
        taken.listen()
        assert not is_free(int(taken.getsockname()[1]))


def test_free_ports_are_used_without_a_word() -> None:
    said: list[str] = []
    port = any_free_port()
    chosen = choose_ports(ANY_PORTS.model_copy(update={"portal": port}), said.append)
    assert (chosen.portal, said) == (port, [])
