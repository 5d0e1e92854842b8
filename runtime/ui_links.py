"""Where the Temporal UI shows what. Light: most of the time without loading Temporal's client."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from runtime.running import PAYLOAD_KEY, running_stack
from runtime.settings import Settings

DEFAULT_NAMESPACE = "default"

_PLAIN = frozenset({"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"})
"""What says of the namespace all that there is to say."""

_CONFIG_FOLDERS = (".config", "Library/Application Support")
"""Where Temporal's configuration file may be, below a home folder, if nothing says where."""


def workflows_address(settings: Settings) -> str:
    """Where the Temporal UI shows workflows: followed by “/” and an id, quoted, it shows one."""
    return f"{_namespace_address(settings)}/workflows"


def schedules_address(settings: Settings) -> str:
    """The same of schedules."""
    return f"{_namespace_address(settings)}/schedules"


def _namespace_address(settings: Settings) -> str:
    namespace = quote(_namespace(settings, os.environ) or DEFAULT_NAMESPACE, safe="")
    return f"{settings.temporal_ui_url}/namespaces/{namespace}"


def _namespace(settings: Settings, environment: Mapping[str, str]) -> str | None:
    """What `runtime.temporal.connection` says, without asking it where there is no need."""
    if _is_plain(settings, environment):
        return environment.get("TEMPORAL_NAMESPACE")
    from runtime.temporal import connection  # noqa: PLC0415 - it takes a quarter of a second

    return connection(settings, environment).get("namespace")


def _is_plain(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Whether nothing has a say but two variables, and no keys have to be compared."""
    ours = {name.upper() for name in Settings.model_fields}
    said = {name for name in environment if name.startswith("TEMPORAL_")} - ours
    stack = running_stack(settings.var_dir)
    sealed = bool(settings.payload_keys) or (stack is not None and PAYLOAD_KEY in stack.settings)
    return said <= _PLAIN and not sealed and not _has_config_file(environment)


def _has_config_file(environment: Mapping[str, str]) -> bool:
    home = Path(environment.get("HOME") or Path.home())
    folders = [home / folder for folder in _CONFIG_FOLDERS]
    if "XDG_CONFIG_HOME" in environment:
        folders.append(Path(environment["XDG_CONFIG_HOME"]))
    return any((folder / "temporalio" / "temporal.toml").exists() for folder in folders)
