"""Taking turns: one at a time, in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import TimeoutError as NoTurn


class Turns:
    """A lock that threads get in the order in which they asked for it.

    Whoever is done hands it to who has waited longest, so nobody is passed over, however many
    there are.
    """

    def __init__(self) -> None:
        self._mine = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Lock] = deque()

    @contextmanager
    def turn(self, patience: float) -> Iterator[None]:
        """Have the lock for the length of the block.

        Raises SQLAlchemy's TimeoutError where it does not come within `patience` seconds.
        """
        self._take(patience)
        try:
            yield
        finally:
            self._hand_on()

    def _take(self, patience: float) -> None:
        called = threading.Lock()
        with self._mine:
            if not self._is_taken:
                self._is_taken = True
                return
            called.acquire()
            self._waiting.append(called)
        try:
            comes = called.acquire(timeout=patience)
        except BaseException:  # Ctrl-C
            self._leave(called)
            raise
        if not comes:
            self._leave(called)
            raise NoTurn("others of this process have written for too long")

    def _leave(self, called: threading.Lock) -> None:
        """Wait no more; who was called in this moment hands it on."""
        with self._mine:
            if called in self._waiting:
                self._waiting.remove(called)
                return
        self._hand_on()

    def _hand_on(self) -> None:
        with self._mine:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False
