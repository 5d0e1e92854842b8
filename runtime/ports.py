"""Ports of this machine: the usual ones, and others where those are taken."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable

from domain.model import Value


class Ports(Value):
    """Where the embedded parts are reached. 0 means any free one."""

    temporal: int = 7233
    temporal_ui: int = 8233
    smtp: int = 1025
    mailbox: int = 8025
    portal: int = 8080
    worker_watch: int = 9464
    portal_watch: int = 9465
    codec: int = 8234


ANY_PORTS = Ports(**dict.fromkeys(Ports.model_fields, 0))
"""Free ports all over, for tests and whatever runs beside a real stack."""

USERS = {
    "temporal": "Temporal",
    "temporal_ui": "the Temporal UI",
    "smtp": "the mail server",
    "mailbox": "the mailbox",
    "portal": "the portal",
    "worker_watch": "who watches the worker",
    "portal_watch": "who watches the portal",
    "codec": "the codec server",
}
"""Who uses a port, in words."""

_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT)


def choose_ports(wanted: Ports, say: Callable[[str], None]) -> Ports:
    """Free ports: the wanted ones, or the next free ones after those. Says where they differ."""
    chosen: dict[str, int] = {}
    for name, port in wanted:
        if port == 0:
            chosen[name] = any_free_port()
            continue
        free = port
        while free in chosen.values() or not is_free(free):
            free += 1
        if free != port:
            say(f"Port {port} is taken; {USERS[name]} uses {free}.")
        chosen[name] = free
    return Ports(**chosen)


def is_free(port: int) -> bool:
    """Whether nothing on this machine listens on the port, by IPv4 or IPv6.

    Both, because the printed links say `localhost`, and a browser may try either.
    """
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                # As servers do; without it, a port counts as taken for a minute after its last use.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
                probe.listen(1)
        except OSError as error:
            if family == socket.AF_INET6 and error.errno in _NO_IPV6:
                continue
            return False
    return True


def any_free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
