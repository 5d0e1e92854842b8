"""Computing what a program achieved."""

from __future__ import annotations

from collections import Counter

from activities.signatures import Evaluate, Verdicts
from activities.uninterrupted import uninterrupted
from domain.evaluation import metrics_of
from domain.metrics import Verdict
from domain.responses import Instruments
from store.content import Content
from store.database import Database
from store.report_data import load_record


class Evaluation:
    """The end of a program, in numbers. The report itself is built whenever HR asks for it."""

    def __init__(self, database: Database, content: Content) -> None:
        self._database = database
        self._content = content

    @uninterrupted
    def evaluate(self, order: Evaluate) -> Verdicts:
        """Compute the success metrics."""
        with self._database.read() as session:
            record = load_record(session, order.program, with_earlier=False)
        results = metrics_of(record, Instruments(self._content.surveys), is_final=True)
        verdicts = Counter(result.verdict for result in results)
        return Verdicts(
            met=verdicts[Verdict.MET],
            not_met=verdicts[Verdict.NOT_MET],
            cant_tell=verdicts[Verdict.CANT_TELL],
        )
