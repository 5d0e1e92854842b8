"""Our metrics for Prometheus, in a registry of their own.

Their labels hold ids of programs, kinds and states, never a person's id, name or word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from domain.escalation import LadderAction
from domain.journal import BY_PEOPLE, EventKind, JournalEvent
from domain.lifecycle import Stage
from domain.model import Value
from store.content import Mail
from store.overview import Overview
from store.written import Outcome, Way, Written

# They would be a second series beside each counter, which nobody reads.
disable_created_metrics()  # type: ignore[no-untyped-call]

_FOR_MAIL = (Outcome.SENT, Outcome.REFUSED, Outcome.PUT_OFF)


class Described(Value):
    """A metric, as the documents tell of it."""

    name: str
    labels: tuple[str, ...]
    meaning: str


def _told(name: str, meaning: str, *labels: str) -> Described:
    return Described(name=f"mentoring_{name}", labels=labels, meaning=meaning)


EVENTS = _told(
    "journal_events_total",
    "Events that this process wrote into the journal since it started, by kind. `by` is `people` "
    "for what participants and managers answer on pages, else `program`.",
    *("kind", "by"),
)
LADDER_STEPS = _told(
    "ladder_steps_total",
    "What this process did for pairs on a ladder since it started. A step that does two things "
    "counts as both.",
    "action",
)
MESSAGES = _told(
    "messages_total",
    "Messages that came to a state since this process started: `sent`, `refused` for good, "
    "`put_off` by the mail server, `held` for a better time, `dropped` because they lost their "
    "point. `way` is `mail` or `chat`.",
    *("kind", "way", "outcome"),
)
STORE_UP = _told("store_up", "1 if the store answered when it was asked last, else 0.")
PROGRAMS = _told("programs", "Programs in each stage.", "stage")
PAIRS = _told("pairs", "Pairs in each state, of programs that are not over.", "program", "state")
ON_LADDER = _told(
    "pairs_on_ladder",
    "Stalled pairs on each step of their ladder, of programs that are not over.",
    *("program", "step"),
)
SIGNALS = _told("outbox_signals", "Answers in the outbox that their workflow has yet to be told.")
OLDEST_SIGNAL = _told(
    "outbox_oldest_seconds", "How long the first of them has been waiting; 0 if none is."
)
WAITING = _told(
    "messages_waiting",
    "Messages that wait for a time at which they may go out, of programs that are not over.",
)
READY = _told("ready", "1 if `/readyz` says that this process is ready, else 0.")
STATE = _told("state", "1 for what `/readyz` says that this process is doing.", "state")
RUNNING = _told("activities_running", "Activities that this worker carries out now.")
OLDEST_ACTIVITY = _told(
    "activity_oldest_seconds", "How long the oldest of them has been running; 0 if none is."
)
POLLED = _told(
    "polled_seconds_ago",
    "How long ago this worker last asked the server for work, as the server has it.",
)
RELAY = _told("relay_seconds_ago", "How long ago this portal last went through the outbox.")

OF_BOTH = (
    *(EVENTS, STORE_UP, PROGRAMS, PAIRS, ON_LADDER, SIGNALS, OLDEST_SIGNAL, WAITING),
    *(READY, STATE),
)
OF_WORKER = (LADDER_STEPS, MESSAGES, RUNNING, OLDEST_ACTIVITY, POLLED)
OF_PORTAL = (RELAY,)


class Metrics:
    """What one process counts, and what it finds when it is asked."""

    def __init__(self, *, sends: bool) -> None:
        """`sends`: whether this process sends messages, and so says from its start how many."""
        self._registry = CollectorRegistry()
        self._events = _counter(self._registry, EVENTS)
        for kind in EventKind:
            self._events.labels(kind.value, _by(kind))
        self._steps = self._messages = None
        if sends:
            self._steps = _counter(self._registry, LADDER_STEPS)
            self._messages = _counter(self._registry, MESSAGES)
            # A counter that begins with its first count would hide that from `increase()`.
            for action in LadderAction:
                self._steps.labels(action.value)
            for mail in Mail:
                for outcome in _FOR_MAIL:
                    self._messages.labels(mail.value, Way.MAIL.value, outcome.value)
        self._found = _Found()
        self._registry.register(self._found)
        ProcessCollector(registry=self._registry)

    def count(self, written: Sequence[Written]) -> None:
        """Count what a transaction of the store wrote; see `Database.listen`."""
        for one in written:
            if isinstance(one, JournalEvent):
                self._events.labels(one.kind.value, _by(one.kind)).inc()
                self._count_steps(one)
            elif self._messages is not None:
                self._messages.labels(one.kind, one.way.value, one.outcome.value).inc()

    def _count_steps(self, event: JournalEvent) -> None:
        if event.kind is EventKind.LADDER_CLIMBED and self._steps is not None:
            for action in str(event.data.get("action", "")).split("+"):
                if action in tuple(LadderAction):
                    self._steps.labels(action).inc()

    def page(self, families: Iterable[Metric]) -> bytes:
        """All metrics in Prometheus' text format, with `families` found just now."""
        self._found.families = tuple(families)
        return generate_latest(self._registry)


class _Found(Collector):
    """Gauges that were found elsewhere."""

    def __init__(self) -> None:
        self.families: tuple[Metric, ...] = ()

    def collect(self) -> Iterator[Metric]:
        """Give them."""
        yield from self.families


def gauge(metric: Described, values: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    """A gauge with its values, each with what its labels say."""
    family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, value in values:
        family.add_metric(labels, value)
    return family


def one(metric: Described, value: float) -> Metric:
    """A gauge without labels."""
    return gauge(metric, [((), value)])


def gauges_of(found: Overview | None) -> list[Metric]:
    """What the store says; where it does not answer, only that."""
    if found is None:
        return [one(STORE_UP, 0)]
    by_state = (
        ((program, state.value), number)
        for program, states in found.pairs.items()
        for state, number in states.items()
    )
    by_step = (
        ((program, str(step)), number)
        for program, steps in found.on_ladder.items()
        for step, number in steps.items()
    )
    return [
        one(STORE_UP, 1),
        gauge(PROGRAMS, (((stage.value,), found.programs[stage]) for stage in Stage)),
        gauge(PAIRS, by_state),
        gauge(ON_LADDER, by_step),
        one(SIGNALS, found.signals),
        one(OLDEST_SIGNAL, found.oldest_signal.total_seconds()),
        one(WAITING, found.waiting),
    ]


def _by(kind: EventKind) -> str:
    return "people" if kind in BY_PEOPLE else "program"


def _counter(registry: CollectorRegistry, metric: Described) -> Counter:
    return Counter(metric.name, metric.meaning, metric.labels, registry=registry)
