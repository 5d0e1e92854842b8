"""The pages, one for each purpose of a link."""

from __future__ import annotations

from typing import Any

from portal.pages.agreement import AgreementPage
from portal.pages.approval import ApprovalPage
from portal.pages.away import AwayPage
from portal.pages.base import Page
from portal.pages.calls import HelpPage, SafetyPage
from portal.pages.certificate import CertificatePage
from portal.pages.continuing import ContinuePage
from portal.pages.data import DataPage
from portal.pages.goals import GoalsPage
from portal.pages.group import GroupPage
from portal.pages.introduction import IntroductionPage
from portal.pages.join import JoinPage
from portal.pages.overview import OverviewPage
from portal.pages.scheduling import BookPage, CancelPage, PickPage
from portal.pages.sessions import SessionPage
from portal.pages.survey import SurveyPage
from portal.pages.task import TaskPage
from portal.pages.training import ModulePage, TrainingPage
from store.links import Purpose

PAGES: dict[Purpose, Page[Any]] = {
    Purpose.JOIN: JoinPage(),
    Purpose.APPROVAL: ApprovalPage(),
    Purpose.INTRODUCTION: IntroductionPage(),
    Purpose.GUIDE: TrainingPage(),
    Purpose.TRAINING: ModulePage(),
    Purpose.AGREEMENT: AgreementPage(),
    Purpose.GOALS: GoalsPage(),
    Purpose.BOOK: BookPage(),
    Purpose.PICK: PickPage(),
    Purpose.CANCEL: CancelPage(),
    Purpose.SESSION: SessionPage(),
    Purpose.SURVEY: SurveyPage(),
    Purpose.OVERVIEW: OverviewPage(),
    Purpose.GROUP: GroupPage(),
    Purpose.TASK: TaskPage(),
    Purpose.HELP: HelpPage(),
    Purpose.SAFETY: SafetyPage(),
    Purpose.AWAY: AwayPage(),
    Purpose.DATA: DataPage(),
    Purpose.CONTINUE: ContinuePage(),
    Purpose.CERTIFICATE: CertificatePage(),
}
