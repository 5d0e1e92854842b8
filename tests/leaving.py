"""Ends the test run by `runtime.exit.leave`, so that its exit code is the tests' own."""

import pytest

from runtime.exit import leave

_SESSION = pytest.StashKey[pytest.Session]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Keep the session: it knows the exit code at the end."""
    session.config.stash[_SESSION] = session


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave when all is over and the summary stands. Without a session there is nothing to say."""
    session = config.stash.get(_SESSION, None)
    if session is None or hasattr(config, "workerinput"):
        return  # a process that works for another one, which has the last word
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()
    leave(int(session.exitstatus))
