"""The connection to Temporal."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, Interceptor
from temporalio.common import SearchAttributeKey
from temporalio.envconfig import ClientConfigProfile, ClientConnectConfig
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from domain.problems import BadInput, Problem
from runtime.payload_codec import data_converter, encryption
from runtime.running import PAYLOAD_KEY, RunningStack, running_stack
from runtime.settings import ENVIRONMENT, Settings, read_secret_file
from workflows import search_attributes

"""Temporal's own, where none is set."""

STARTER = "starter"
"""The process that HR types."""

USUAL_ADDRESS = "localhost:7233"


def connection(
    settings: Settings, environment: Mapping[str, str] | None = None
) -> ClientConnectConfig:
    """Where Temporal is and how to get in.

    From `TEMPORAL_*` and the profile of Temporal's configuration file, as every Temporal tool reads
    them, and from `TEMPORAL_API_KEY_FILE`; `environment` stands in for this process's own. Where
    none of them says an address: the embedded stack that runs here, else this machine's usual port.
    Raises BadInput when the profile or a variable can't be read, and when that stack encrypts with
    another key than the one set here.
    """
    outer = dict(os.environ if environment is None else environment)
    key = read_secret_file("TEMPORAL_API_KEY", outer)
    if key:
        outer["TEMPORAL_API_KEY"] = key
    try:
        config = ClientConfigProfile.load(override_env_vars=outer).to_client_connect_config()
    except (RuntimeError, ValueError, OSError) as error:
        problem = Problem(file=ENVIRONMENT, field="TEMPORAL_*", message=f"{error}.")
        raise BadInput([problem]) from error
    if "target_host" not in config:
        stack = running_stack(settings.var_dir)
        found = stack.settings.get("TEMPORAL_ADDRESS") if stack else None
        config["target_host"] = found or USUAL_ADDRESS
        if stack:
            _have_the_same_key(settings, stack)
    return config


def _have_the_same_key(settings: Settings, stack: RunningStack) -> None:
    """Raise BadInput where what is written here could not be read there, or by everybody."""
    ours, theirs = encryption(settings).seals_with, stack.settings.get(PAYLOAD_KEY)
    if ours != theirs:
        problem = Problem(
            file=ENVIRONMENT,
            field="PAYLOAD_KEYS",
            message=f"the stack that runs encrypts with {_named(theirs)}, and here is set "
            f"{_named(ours)}.",
            hint="Set the same keys in both windows.",
        )
        raise BadInput([problem])


def _named(key: str | None) -> str:
    return f"the key {key}" if key else "no key"


def identity(settings: Settings, process: str = STARTER) -> str:
    """The name by which Temporal knows this process: its number, and where it runs.

    Histories keep it. The starter runs on computers of people, whose names often hold that of a
    person, so it says nothing of where.
    """
    where = STARTER if process == STARTER else settings.machine_name or socket.gethostname()
    return f"{os.getpid()}@{where}"


async def connect(
    settings: Settings,
    environment: Mapping[str, str] | None = None,
    *,
    lazy: bool = False,
    runtime: Runtime | None = None,
    process: str = STARTER,
) -> Client:
    """A client whose payloads are pydantic values, encrypted where there are PAYLOAD_KEYS.

    Lazy: connects at the first call. `runtime` is the SDK's to use in place of its usual one, and
    `process` the name under which traces go out, where the settings ask for them. Raises
    RuntimeError when Temporal can't be reached, unless lazy.
    """
    return await Client.connect(
        **connection(settings, environment),
        identity=identity(settings, process),
        data_converter=data_converter(settings),
        interceptors=_tracing(settings, process),
        lazy=lazy,
        runtime=runtime,
    )


def _tracing(settings: Settings, process: str) -> list[Interceptor]:
    if settings.traces_url is None:
        return []
    # Here, so that only who wants traces waits until all that they need is loaded.
    from runtime.watching.traces import tracing  # noqa: PLC0415

    return [tracing(settings.traces_url, process)]


async def ensure_search_attributes(client: Client) -> None:
    """Register the search attributes that the namespace lacks.

    Raises RPCError where that is not allowed (Temporal Cloud: use its own tool then).
    """
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = [key for key in search_attributes.ALL if key.name not in known.custom_attributes]
    if missing:
        await add_search_attributes(client, missing)


async def add_search_attributes(client: Client, keys: Iterable[SearchAttributeKey[Any]]) -> None:
    """Register search attributes. Somebody else may have done so at the same time."""
    types = {key.name: IndexedValueType.ValueType(int(key.indexed_value_type)) for key in keys}
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(search_attributes=types, namespace=client.namespace)
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise


async def last_polls(
    client: Client, queue: str, kind: TaskQueueType.ValueType, timeout: timedelta | None = None
) -> dict[str, datetime]:
    """When each worker last asked for this kind of work in a task queue, by its identity.

    Raises RPCError where the server does not say.
    """
    found = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=kind,
        ),
        timeout=timeout,
    )
    return {one.identity: one.last_access_time.ToDatetime(UTC) for one in found.pollers}
