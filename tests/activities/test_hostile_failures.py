"""Errors that quote people leave nothing of it in Temporal or in a log, wherever they come up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.api.batch.v1 import BatchOperationTermination
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflowservice.v1 import StartBatchOperationRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleSpec,
    ScheduleState,
    WorkflowFailureError,
    WorkflowQueryFailedError,
)
from temporalio.converter import DefaultFailureConverter, DefaultPayloadConverter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

import worker
from activities.mail import Mailer, MailServer
from activities.signatures import PairActivities, ProgramActivities
from runtime.payload_codec import data_converter
from runtime.settings import Settings
from store.database import Database
from store.links import Links
from tests.activities.leaking import CallsAll, Leaks, RaisesItself, leak_from_activity
from tests.end_to_end.evidence import Held, everything_in_temporal
from tests.end_to_end.words import Words
from tests.hostile import (
    HOSTILE,
    NAME,
    WORDS,
    an_assertion,
    cancelled_by_nobody,
    in_a_group_of_any,
)
from tests.log_setup import logs_to_set_up
from tests.shipped import CONTENT

NOT_FOR_WORKFLOWS = (in_a_group_of_any, cancelled_by_nobody, an_assertion)
"""What is no `Exception` fails a workflow's task and never the workflow. Of an assertion, the SDK's
test environment takes the words, and only that."""

in_one_loop = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def all_logs(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Sets logs up as the processes do, down to the last detail, when called."""
    with logs_to_set_up(tmp_path, LOG_LEVEL="debug") as set_up:
        yield set_up


@pytest.fixture
def client(dev_server: WorkflowEnvironment) -> Client:
    """As our processes connect."""
    config = dev_server.client.config()
    config["data_converter"] = data_converter(Settings())
    return Client(**config)


def hostile_activities(tmp_path: Path) -> object:
    """An object that offers every activity that the real worker offers; each of them fails."""
    database = Database(f"sqlite:///{tmp_path / 'store.db'}")
    objects = worker.activity_objects(
        database,
        CONTENT,
        Links("http://testserver", ["k" * 32]),
        Mailer(MailServer(host="127.0.0.1", port=25)),
    )
    database.close()
    real = [one for of in objects for one in worker.activities_of(of)]
    return type("Hostile", (), {one.__name__: _hostile(one) for one in real})()


def _hostile(real: Callable[..., object]) -> Callable[..., object]:
    def raises(_self: object, error: int) -> None:
        HOSTILE[error]()

    async def raises_in_the_loop(_self: object, error: int) -> None:
        HOSTILE[error]()

    made = raises_in_the_loop if asyncio.iscoroutinefunction(real) else raises
    made.__name__ = real.__name__
    found: Callable[..., object] = activity.defn(name=real.__name__)(made)
    return found


async def of_workflow(client: Client, workflow: str) -> Held:
    async with asyncio.timeout(20):
        while not await anext(client.list_workflows(f'WorkflowId="{workflow}"'), None):
            await asyncio.sleep(0.05)
    return await everything_in_temporal(client, among=f'WorkflowId="{workflow}"')


@in_one_loop
async def test_every_activity_fails_without_a_word(
    client: Client,
    task_queue: str,
    tmp_path: Path,
    all_logs: Callable[[], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    all_logs()
    hostile, name = hostile_activities(tmp_path), f"hostile/{uuid4()}"
    names = [one.__name__ for one in worker.activities_of(hostile)]
    assert len(names) == len(
        {
            one
            for of in (PairActivities, ProgramActivities)
            for one, is_one in vars(of).items()
            if hasattr(is_one, "__temporal_activity_definition")
        }
    )
    calls = [
        (activity_name, error)
        for number, activity_name in enumerate(names)
        for error in range(len(HOSTILE))
        if (number + error) % 4 == 0
    ]
    assert {error for _, error in calls} == set(range(len(HOSTILE)))
    async with worker.workers(client, task_queue, [hostile], workflows=[CallsAll]):
        failed = await client.execute_workflow(CallsAll.run, calls, id=name, task_queue=task_queue)
    assert failed == len(calls)
    held, logs = await of_workflow(client, name), capsys.readouterr().err
    assert held.all.count("EVENT_TYPE_ACTIVITY_TASK_FAILED") >= len(calls) * 0.8
    assert held.found_of(WORDS) == []
    assert logs.count("activity failed") > len(calls) * 0.6
    assert Words(WORDS).found_in(logs) == []


@in_one_loop
@pytest.mark.parametrize("ends", [True, False], ids=["ends", "waits for mended code"])
async def test_a_workflow_fails_without_a_word(
    client: Client,
    task_queue: str,
    ends: bool,
    all_logs: Callable[[], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    all_logs()
    of = [HOSTILE.index(e) for e in HOSTILE if e not in NOT_FOR_WORKFLOWS]
    found = []
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=[RaisesItself],
        workflow_failure_exception_types=[Exception] if ends else [],
    ):
        for error in of if ends else of[4:8]:
            handle = await client.start_workflow(
                RaisesItself.run, error, id=f"hostile/{uuid4()}", task_queue=task_queue
            )
            if ends:
                with pytest.raises(WorkflowFailureError):
                    await handle.result()
            else:
                async with asyncio.timeout(10):
                    while "TASK_FAILED" not in (await handle.fetch_history()).to_json():
                        await asyncio.sleep(0.05)
                await handle.terminate()
            found.append((error, await of_workflow(client, handle.id)))
    assert {HOSTILE[error].__name__ for error, held in found if held.found_of(WORDS)} == set()
    assert Words(WORDS).found_in(capsys.readouterr().err) == []


@in_one_loop
async def test_a_query_fails_without_a_word(client: Client, task_queue: str) -> None:
    async with Worker(client, task_queue=task_queue, workflows=[Leaks]):
        handle = await client.start_workflow(
            Leaks.run, args=["waits", ""], id=f"hostile/{uuid4()}", task_queue=task_queue
        )
        for error in range(4, 8):
            with pytest.raises(WorkflowQueryFailedError) as refused:
                await handle.query(Leaks.ask, error)
            assert Words(WORDS).found_in(str(refused.value)) == []
        await handle.terminate()


def test_without_these_measures_the_same_errors_are_found() -> None:
    """Shows that the tests above can fail: with the SDK's own converter most of it gets out."""
    quiet = []
    for one in HOSTILE:
        failure = Failure()
        try:
            one()
        except BaseException as error:  # noqa: BLE001 - some are no Exception
            DefaultFailureConverter().to_failure(error, DefaultPayloadConverter(), failure)
        if not Words(WORDS).found_in(str(failure).encode().decode("unicode_escape")):
            quiet.append(one.__name__)
    assert len(quiet) < len(HOSTILE) / 4, quiet


# --- Broken variants: what puts a word somewhere is found ---------------------------------------

WITHIN = (
    *("search attribute", "memo", "timer summary", "result", "current details"),
    *("failure", "heartbeat", "activity summary", "own failure"),
)
FROM_OUTSIDE = (
    *("workflow id", "static summary", "static details", "start memo", "signal"),
    *("update", "input", "cancellation", "termination"),
)


@in_one_loop
@pytest.mark.parametrize("how", [*WITHIN, *FROM_OUTSIDE])
async def test_a_name_in_a_workflow_is_caught(
    dev_server: WorkflowEnvironment, task_queue: str, how: str
) -> None:
    client = dev_server.client
    name = f"leak/{uuid4()}" + (f"/{NAME}" if how == "workflow id" else "")
    async with Worker(
        client, task_queue=task_queue, workflows=[Leaks], activities=[leak_from_activity]
    ):
        handle = await client.start_workflow(
            Leaks.run,
            args=[how, NAME] if how in (*WITHIN, "input") else [how, ""],
            id=name,
            task_queue=task_queue,
            static_summary=NAME if how == "static summary" else None,
            static_details=NAME if how == "static details" else None,
            memo={"who": NAME} if how == "start memo" else None,
        )
        if how == "signal":
            await handle.signal(Leaks.tell, NAME)
        elif how == "update":
            await handle.execute_update(Leaks.change, NAME)
        elif how in WITHIN and how != "current details":
            try:
                await handle.result()
            except WorkflowFailureError:
                assert how in ("failure", "heartbeat", "activity summary", "own failure")
        held = await of_workflow(client, name)
        if how == "termination":
            await handle.terminate(reason=NAME)
            held = await of_workflow(client, name)
        elif how == "cancellation":
            await handle.cancel(reason=NAME)
            held = await of_workflow(client, name)
        elif how in (*FROM_OUTSIDE, "current details"):
            await handle.terminate()
    assert NAME in held.found_of(WORDS), how


@in_one_loop
@pytest.mark.parametrize("where", ["argument", "note", "memo"])
async def test_a_name_in_a_schedule_is_caught(dev_server: WorkflowEnvironment, where: str) -> None:
    name = f"leak/{uuid4()}"
    handle = await dev_server.client.create_schedule(
        name,
        Schedule(
            action=ScheduleActionStartWorkflow(
                Leaks.run,
                args=["waits", NAME if where == "argument" else ""],
                id=name,
                task_queue="nobody",
            ),
            spec=ScheduleSpec(),
            state=ScheduleState(paused=True, note=NAME if where == "note" else None),
        ),
        memo={"who": NAME} if where == "memo" else None,
    )
    async with asyncio.timeout(20):
        while name not in (held := await nothing_but_what_is_no_workflow(dev_server)).all:
            await asyncio.sleep(0.05)
    await handle.delete()
    assert NAME in held.found_of(WORDS)


@in_one_loop
async def test_a_name_in_the_reason_of_a_batch_is_caught(dev_server: WorkflowEnvironment) -> None:
    await dev_server.client.workflow_service.start_batch_operation(
        StartBatchOperationRequest(
            namespace=dev_server.client.namespace,
            visibility_query='WorkflowId="nobody"',
            job_id=str(uuid4()),
            reason=NAME,
            termination_operation=BatchOperationTermination(identity="test"),
        )
    )
    async with asyncio.timeout(20):
        while not (await nothing_but_what_is_no_workflow(dev_server)).found_of(WORDS):
            await asyncio.sleep(0.05)


async def nothing_but_what_is_no_workflow(server: WorkflowEnvironment) -> Held:
    return await everything_in_temporal(server.client, among='WorkflowId="nobody"')


@pytest.mark.parametrize(
    "written",
    [
        *(NAME, NAME.upper().replace("Ż", "ż"), json.dumps(NAME), f"<{NAME}>", f"x={NAME};"),
        *("/%C5%BBaneta%20Secretova/", "?q=%C5%BBaneta+Secretova", repr(NAME.encode())),
        "=C5=BBaneta Secretova",
    ],
)
def test_a_word_is_found_however_it_is_written(written: str) -> None:
    assert NAME in Words([NAME]).found_in(f"before {written} after")


def test_a_part_of_another_word_is_not_taken_for_a_name() -> None:
    assert Words(["Ana", "Eva Lu"]).found_in("Analyse, Diana, Eva Lutz") == []
    assert Words(["Ana", "Eva Lu"]).found_in("of ana, eva lu.") == ["Ana", "Eva Lu"]
