"""The sandbox of workflow code, without what it costs to ask it for what is not used."""

from __future__ import annotations

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import SerializationContext, StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import Info


class PlainSandbox(SandboxedWorkflowRunner):
    """Runs workflows in the sandbox, for converters and codecs that no workflow's context changes.

    Before it reads or writes a payload the SDK asks the sandboxed workflow for the context that a
    converter might want, three times each, and a third of a worker's processor time goes there
    (`make bench`). Ours want none. A codec that does, or payloads kept outside of the server, need
    the SDK's own runner.
    """

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """A workflow in its sandbox."""
        return _Plain(super().create_instance(det))


class _Plain(WorkflowInstance):
    def __init__(self, sandboxed: WorkflowInstance) -> None:
        self._sandboxed = sandboxed

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        return self._sandboxed.activate(act)

    def get_serialization_context(self, command_info: object) -> SerializationContext | None:
        return None

    def get_external_store_context(self, command_info: object) -> StorageDriverStoreContext:
        return StorageDriverStoreContext(target=None)

    def get_info(self) -> Info:
        return self._sandboxed.get_info()

    def get_thread_id(self) -> int | None:
        return self._sandboxed.get_thread_id()
