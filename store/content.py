"""Content files: mails, surveys, training, the agreement and the words of the pages, per language.

They stand in `content/<language>/`; what a language does not have is taken from English, file by
file, and for the words of the pages word by word. An organisation may lay a folder of its own over
that one. A mail is a Jinja2 template whose result is Markdown: values are escaped as they go in, so
a person's name is never markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal
from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError, Undefined
from jinja2.sandbox import SandboxedEnvironment
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import ValidationError

from domain.agreement import Particulars
from domain.definition import Definition
from domain.languages import FALLBACK, nearest_to
from domain.model import Value
from domain.people import Role
from domain.problems import BadInput, Problem, did_you_mean, suggestion
from domain.survey_versions import Instrument
from domain.surveys import AnswerValue, Survey
from domain.training import Module, training_of
from domain.written import shown_as_it_reads
from store.content_folders import file_in, languages_in, names_in, roots_of
from store.input_file import read_bytes
from store.survey_file import MAX_BYTES, read_survey
from store.written_yaml import WrittenYaml


class Mail(StrEnum):
    """Every mail there is; `content/<language>/mail/<value>.md`."""

    # To participants
    INVITATION = "invitation"
    INVITATION_REMINDER = "invitation_reminder"
    NOT_APPROVED = "not_approved"
    NOT_SELECTED = "not_selected"
    NOT_MATCHED = "not_matched"
    INTRODUCTION = "introduction"
    PREPARATION = "preparation"
    PREPARATION_REMINDER = "preparation_reminder"
    AGREEMENT_CHANGED = "agreement_changed"
    SESSION_DUE = "session_due"
    SESSION_PROPOSED = "session_proposed"
    SESSION_INVITATION = "session_invitation"
    SESSION_CANCELLED = "session_cancelled"
    SESSION_REMINDER = "session_reminder"
    SESSION_FOLLOW_UP = "session_follow_up"
    CHECK_IN = "check_in"
    CHECK_IN_REMINDER = "check_in_reminder"
    GOALS_REVIEW = "goals_review"
    GROUP_SESSION = "group_session"
    GROUP_SESSION_FOLLOW_UP = "group_session_follow_up"
    GROUP_SESSION_CANCELLED = "group_session_cancelled"
    PROGRAM_POSTPONED = "program_postponed"
    PROGRAM_EXTENDED = "program_extended"
    FOLLOW_UP = "follow_up"
    FOLLOW_UP_REMINDER = "follow_up_reminder"
    NUDGE_SCHEDULER = "nudge_scheduler"
    NUDGE_BOTH = "nudge_both"
    NUDGE_ANSWER = "nudge_answer"
    NUDGE_AGREEMENT = "nudge_agreement"
    NUDGE_REPORT = "nudge_report"
    NUDGE_SURVEY = "nudge_survey"
    OFFER_REMATCH = "offer_rematch"
    PARTNER_AWAY = "partner_away"
    WELCOME_BACK = "welcome_back"
    FAREWELL_COMPLETED = "farewell_completed"
    FAREWELL_CONTINUED = "farewell_continued"
    CONTINUED_REMINDER = "continued_reminder"
    FAREWELL_CLOSED = "farewell_closed"
    FAREWELL_DECLINED = "farewell_declined"
    FAREWELL_WITHDRAWN = "farewell_withdrawn"
    FAREWELL_PARTNER_WITHDREW = "farewell_partner_withdrew"
    FAREWELL_NO_FIT = "farewell_no_fit"
    FAREWELL_REMATCH = "farewell_rematch"
    FAREWELL_PARTED = "farewell_parted"
    FAREWELL_CANCELLED = "farewell_cancelled"
    # To line managers
    APPROVAL_REQUEST = "approval_request"
    APPROVAL_REQUEST_REMINDER = "approval_request_reminder"
    # To the coordinator and the sponsor
    PROGRAM_OPENED = "program_opened"
    DELETION_AHEAD = "deletion_ahead"
    DATA_DELETED = "data_deleted"
    SELECTION_READY = "selection_ready"
    SELECTION_REMINDER = "selection_reminder"
    MATCHES_READY = "matches_ready"
    MATCHES_REMINDER = "matches_reminder"
    NEW_PAIRS_READY = "new_pairs_ready"
    NOBODY_FOUND = "nobody_found"
    RULES_BROKEN = "rules_broken"
    ADDRESS_REFUSED = "address_refused"
    PREPARATION_OVERDUE = "preparation_overdue"
    PAIR_STALLED = "pair_stalled"
    PAIR_STALLED_SPONSOR = "pair_stalled_sponsor"
    PAIR_RECOVERED = "pair_recovered"
    COORDINATOR_TASK = "coordinator_task"
    CHECK_IN_FLAGGED = "check_in_flagged"
    PAIR_ENDED = "pair_ended"
    HELP_ASKED = "help_asked"
    REPORT_READY = "report_ready"
    # To the contact who is named for safety, and to nobody else
    SAFETY_RAISED = "safety_raised"


SURVEYS = ("baseline", "pulse", "final", "exit", "follow_up")
"""The surveys that always exist; more can be added as files."""


class Section(Value):
    """What one message says, before a greeting and a footer are put around it.

    A mail has one, or several where several messages for somebody go out together.
    """

    subject: str
    """One line; the heading where there are several."""
    markdown: str


class MailText(Value):
    """A mail, ready to be sent."""

    subject: str
    """One line."""
    text: str
    html: str
    """A whole document, well-formed as XML too."""


class Agreement(Value):
    """The mentoring agreement, and what a pair chooses in it."""

    title: str
    version: int
    template: str
    """Markdown with Jinja2; its values are `domain.agreement.Particulars`."""
    choices: Survey


class Words:
    """The words of the pages in one language.

    `words("book.title", name=…)` gives the text under that key with its `{name}` filled in. A text
    with `one` and `other` (and whatever forms the language has) is chosen by `count`.
    """

    def __init__(self, texts: Mapping[str, Any], locale: Locale) -> None:
        self._texts = texts
        self.locale = locale

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key. Raises KeyError for a key that no file has."""
        found: Any = self._texts
        for part in key.split("."):
            if not isinstance(found, Mapping) or part not in found:
                raise KeyError(f"content has no words for “{key}”")
            found = found[part]
        if isinstance(found, Mapping):
            form = self.locale.plural_form(int(str(values["count"])))
            found = found.get(form, found["other"])
        return str(found).strip().format(**values)

    def __contains__(self, key: str) -> bool:
        return key in self._known

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.keys())

    def keys(self) -> set[str]:
        """Every key, dotted; plural forms are not told apart."""
        return set(_keys(self._texts))

    def day(self, day: date) -> str:
        """A date as people write it, weekday and all."""
        return format_date(day, format="full", locale=self.locale)

    def date(self, day: date) -> str:
        """A date as documents write it, without its weekday."""
        return format_date(day, format="long", locale=self.locale)

    def weekday(self, day: int) -> str:
        """The name of a day of the week; Monday is 0."""
        return str(self.locale.days["format"]["wide"][day])

    def number(self, number: float) -> str:
        """A number with at most two decimals."""
        return str(format_decimal(number, format="#,##0.##", locale=self.locale))

    def time(self, moment: datetime) -> str:
        """A time of the day, in the zone that `moment` has."""
        return format_time(moment, format="short", tzinfo=moment.tzinfo, locale=self.locale)

    def moment(self, moment: datetime) -> str:
        """A date and time, in the zone that `moment` has, and that zone."""
        zone = str(moment.tzinfo).replace("_", " ")
        pattern = self("formats.moment")
        text = format_datetime(moment, pattern, tzinfo=moment.tzinfo, locale=self.locale)
        return f"{text} ({zone})"


class Content:
    """The content of one language, read and checked at once.

    `folders` is the folder that ships, or several: the first is laid over the others, so that a
    file in it counts in place of the one that stands there with the same path.

    Raises BadInput with every problem of every file, if there is any.
    """

    def __init__(self, folders: Path | Sequence[Path], language: str = FALLBACK) -> None:
        self.folders = (folders,) if isinstance(folders, Path) else tuple(folders)
        self.languages = languages_in(self.folders)
        self.language = _nearest(language, self.languages)
        self._siblings: dict[str, Content] = {self.language: self}
        self.roots = roots_of(self.folders, self.language)
        self._problems: list[Problem] = []
        roots = [root / "mail" for root in self.roots]
        self._bodies = _environment(roots, _as_markdown)
        self._subjects = _environment(roots, _as_one_line)
        self._mails = {mail: self._read_mail(mail) for mail in Mail}
        surveys = ((name, self._read_survey(name)) for name in self._survey_names())
        self._surveys = {name: survey for name, survey in surveys if survey is not None}
        self._instruments = {
            name: Instrument(survey=survey, language=self._language_of(f"surveys/{name}.yaml"))
            for name, survey in self._surveys.items()
        }
        modules = [self._read_module(name) for name in names_in(self.roots, "training", ".md")]
        self._training = tuple(module for module in modules if module is not None)
        self._agreement = self._read_agreement()
        self.words = self._read_words("portal.yaml")
        self.agenda = self._read_words("agenda.yaml")
        """The words of what a session could look like."""
        self._report_unknown_mails()
        self._report_strays()
        if self._problems:
            raise BadInput(self._problems)

    @cached_property
    def report(self) -> Words:
        """The words of the report, read when they are asked for: few need them.

        Raises BadInput with what is wrong in their files.
        """
        words = self._read_words("report/words.yaml")
        if self._problems:
            raise BadInput(self._problems)
        return words

    def in_language(self, language: str) -> Content:
        """The same content in another language, or the nearest there is."""
        nearest = _nearest(language, self.languages)
        if nearest not in self._siblings:
            self._siblings[nearest] = Content(self.folders, nearest)
        return self._siblings[nearest]

    @cached_property
    def survey_ids(self) -> tuple[str, ...]:
        """The ids of all surveys."""
        return tuple(sorted(self._surveys))

    @property
    def surveys(self) -> Mapping[str, Survey]:
        """All surveys, by id."""
        return self._surveys

    def survey(self, survey: str) -> Survey:
        """A survey by its id. Raises KeyError if there is none."""
        found = self._surveys.get(survey)
        if found is None:
            raise KeyError(f"no survey “{survey}”. {did_you_mean(survey, self.survey_ids)}")
        return found

    def instrument(self, survey: str) -> Instrument | None:
        """The same with the language that it is written in: another one if it is not translated.

        None if there is no such survey.
        """
        return self._instruments.get(survey)

    def training(self) -> tuple[Module, ...]:
        """All modules of the training, whoever reads them."""
        return self._training

    def training_of(self, definition: Definition, role: Role) -> tuple[Module, ...]:
        """The modules that somebody reads who has this role in a pair, in the order of reading."""
        return training_of(definition, self._training, role)

    def agreement(self) -> Agreement:
        """The mentoring agreement."""
        assert self._agreement is not None  # noqa: S101 - __init__ raised otherwise
        return self._agreement

    def agreement_text(self, particulars: Particulars) -> str:
        """What the agreement says to a pair of this program, as Markdown."""
        return self._bodies.from_string(self.agreement().template).render(particulars.model_dump())

    def agreement_signed(
        self, particulars: Particulars, choices: Mapping[str, AnswerValue], role: Role
    ) -> str:
        """All of what somebody signs, as Markdown: the title, the text, and each choice."""
        agreement = self.agreement()
        lines = [f"# {agreement.title}", self.agreement_text(particulars).strip()]
        lines.append(f"## {agreement.choices.title}")
        for item in agreement.choices.items_for(role):
            chosen = item.in_words(choices.get(item.id)) or self.words("agreement.nothing")
            said = "\\\n".join(str(_as_markdown(line)) for line in chosen.splitlines())
            lines.append(f"**{_as_markdown(item.text_for(role))}**\\\n{said}")
        return "\n\n".join(lines) + "\n"

    @staticmethod
    def html(markdown: str) -> str:
        """A text of ours as HTML for a page. HTML in it comes out as text."""
        return str(_MARKDOWN.render(markdown))

    def section(self, template: str, **values: object) -> Section:
        """Write what one message says.

        Raises ValueError for an unknown template or a value that is missing.
        """
        try:
            subject, body = self._mails[Mail(template)]
            return Section(
                subject=_one_line(self._subjects.from_string(subject).render(**values)),
                markdown=self._bodies.from_string(body).render(**values).strip(),
            )
        except (TemplateError, TypeError) as error:
            raise ValueError(f"mail “{template}” can't be written: {error}") from error

    def letter(self, sections: Sequence[Section], **values: object) -> MailText:
        """Put a greeting and a footer around one section or several: a mail.

        Several get a heading each, and the mail a subject that says how many they are. Raises
        ValueError for a value that the greeting or the footer lacks.
        """
        try:
            head, foot = (self._bodies.from_string(end).render(**values) for end in (HEAD, FOOT))
        except (TemplateError, TypeError) as error:
            raise ValueError(f"the ends of a mail can't be written: {error}") from error
        parts = [section.markdown for section in sections]
        subject = sections[0].subject
        if len(sections) > 1:
            parts = [f"## {_as_markdown(s.subject)}\n\n{s.markdown}" for s in sections]
            program = values["program"]
            title = program["title"] if isinstance(program, Mapping) else ""
            subject = _one_line(self.words("mail.digest", count=len(sections), title=title))
        tokens = _MARKDOWN.parse("\n\n".join((head.strip(), *parts, foot.strip())) + "\n")
        return MailText(
            subject=subject,
            text=_plain(tokens),
            html=_document(subject, _mail_html(tokens), self.language),
        )

    def mail(self, template: str, **values: object) -> MailText:
        """Write a mail of one message. Raises ValueError as `section` and `letter` do."""
        return self.letter([self.section(template, **values)], **values)

    # --- Reading ---------------------------------------------------------------------------------

    def _path(self, name: str) -> Path:
        return file_in(self.roots, name) or self.roots[-1] / name

    def _wrong(self, path: Path, message: str, line: int | None = None) -> None:
        self._problems.append(Problem(file=str(path), message=message, line=line))

    def _text(self, name: str) -> tuple[Path, str] | None:
        path = self._path(name)
        text = self._text_at(path)
        return None if text is None else (path, text)

    def _text_at(self, path: Path) -> str | None:
        if not path.exists():
            self._wrong(path, "this file is missing.")
            return None
        try:
            return read_bytes(path, MAX_BYTES).decode("utf-8-sig").replace("\r\n", "\n")
        except BadInput as bad:
            self._problems += bad.problems
        except UnicodeDecodeError:
            self._wrong(path, "this file is not UTF-8 text. Save it as UTF-8.")
        return None

    def _yaml_at(self, path: Path, text: str) -> Any:
        """What a text of a file says as YAML, None if it can't be read."""
        written = WrittenYaml(path, text.encode())
        self._problems += written.problems
        return None if written.problems else written.data

    def _read_mail(self, mail: Mail) -> tuple[str, str]:
        read = self._text(f"mail/{mail.value}.md")
        if read is None:
            return "", ""
        path, text = read
        first, _, rest = text.partition("\n")
        subject = first.removeprefix("Subject:").strip()
        if not first.startswith("Subject:") or not subject:
            self._wrong(path, "the first line must be “Subject: ” and the subject.", 1)
        blank, _, body = rest.partition("\n")
        if blank.strip():
            self._wrong(path, "the second line must be blank.", 2)
        if not body.strip():
            self._wrong(path, "there is no text after the subject.")
        try:
            self._bodies.parse(text)
        except TemplateSyntaxError as error:
            self._wrong(path, f"the template can't be read: {error.message}.", error.lineno)
        except (RecursionError, ValueError, OverflowError, MemoryError) as error:
            self._wrong(path, f"the template can't be read: {type(error).__name__}.")
        return subject, body

    def _report_unknown_mails(self) -> None:
        known = {mail.value for mail in Mail}
        for root in self.roots:
            for path in sorted((root / "mail").glob("*.md")):
                if path.stem not in known and not path.stem.startswith("_"):
                    self._wrong(path, f"no mail is called so. {did_you_mean(path.stem, known)}")

    def _report_strays(self) -> None:
        """Files that nothing reads: what somebody meant to replace stays as it is, unnoticed."""
        for folder in self.folders:
            for path in sorted(folder.iterdir()):
                hidden = path.name.startswith((".", "_")) or path.is_file()
                if not hidden and path.name not in (*self.languages, *_BESIDE_LANGUAGES):
                    self._wrong(
                        path,
                        "this is not the code of a language. Texts stand in a folder for each "
                        "language, such as “en”.",
                    )
        for root in self.roots:
            for path in sorted(root.iterdir()) if root.is_dir() else ():
                if path.name.startswith(".") or path.name in _PLACES:
                    continue
                near = suggestion(path.name, _PLACES)
                hint = f"Did you mean “{near}”?" if near else f"Known: {', '.join(_PLACES)}."
                self._wrong(path, f"nothing is read from here. {hint}")

    def _language_of(self, name: str) -> str:
        """The language that a file in a folder of ours is written in."""
        return self._path(name).parents[1].name

    def _survey_names(self) -> list[str]:
        return sorted({*names_in(self.roots, "surveys", ".yaml"), *SURVEYS})

    def _read_survey(self, name: str) -> Survey | None:
        survey = self._survey_in(f"surveys/{name}.yaml")
        if survey is not None and survey.id != name:
            self._wrong(self._path(f"surveys/{name}.yaml"), f"its id must be “{name}”.")
        return survey

    def _survey_in(self, name: str) -> Survey | None:
        try:
            return read_survey(self._path(name))
        except BadInput as bad:
            self._problems += bad.problems
            return None

    def _read_front(self, name: str, needs: Iterable[str]) -> tuple[dict[str, Any], str] | None:
        """A Markdown file with YAML between two lines of dashes at its head."""
        read = self._text(name)
        if read is None:
            return None
        path, text = read
        match = re.fullmatch(r"---\n(.*?\n)---\n(.*)", text, re.DOTALL)
        data = None
        if match is not None:
            told = len(self._problems)
            data = self._yaml_at(path, f"---\n{match[1]}")
            if len(self._problems) > told:
                return None
        if match is None or not isinstance(data, dict):
            self._wrong(path, "it must begin with a head between two lines of “---”.", 1)
            return None
        missing = [key for key in needs if key not in data]
        if missing:
            self._wrong(path, f"its head lacks {', '.join(missing)}.", 1)
            return None
        return data, match[2]

    def _read_module(self, name: str) -> Module | None:
        file = f"training/{name}.md"
        read = self._read_front(file, ("title", "version", "minutes", "roles"))
        if read is None:
            return None
        head, text = read
        try:
            return Module.model_validate({**head, "id": name, "html": self.html(text)})
        except ValidationError as error:
            for detail in error.errors():
                where, message = ".".join(map(str, detail["loc"])), detail["msg"]
                if where == "id":
                    where, message = "", "its name must be small letters, digits, “-” and “_”"
                elif detail["type"] == "extra_forbidden":
                    message = did_you_mean(where, Module.model_fields.keys() - {"id", "html"})
                    message = f"there is no such setting. {message}".rstrip(".")
                self._wrong(self._path(file), f"{where}: {message}." if where else f"{message}.", 1)
            return None

    def _read_agreement(self) -> Agreement | None:
        # Two who read different languages sign one agreement: what translates another version of it
        # is left aside, until it is brought up to date.
        files = [self._path(f"agreement.{ending}") for ending in ("md", "yaml")]
        roots = roots_of(self.folders, FALLBACK)
        english = [file_in(roots, path.name) or path for path in files]
        if _version_in(files[0]) != _version_in(english[0]):
            files = english
        read = self._read_front(str(files[0]), ("title", "version"))
        choices = self._survey_in(str(files[1]))
        if read is None or choices is None:
            return None
        head, text = read
        if choices.version != head["version"]:
            # What ships has the same in both, so that who changed only one finds the other named.
            self._wrong(
                next(path for path in files if path.is_relative_to(self._own_of(files))),
                f"the version of agreement.yaml is {choices.version}, that of agreement.md "
                f"{head['version']}. They change together.",
            )
            return None
        try:
            self._bodies.from_string(text).render(_ANY_PARTICULARS.model_dump())
            return Agreement.model_validate({**head, "template": text, "choices": choices})
        except ValidationError as error:
            message = f"its head is wrong: {error.errors()[0]['msg']}."
            self._wrong(files[0], message, 1)
        except TemplateError as error:
            line = getattr(error, "lineno", None)
            where = f" (line {line} after its head)" if line else ""
            message = f"the template can't be read: {error.message}{where}."
            self._wrong(files[0], message)
        except Exception as error:  # noqa: BLE001 - what a template computes can raise anything
            self._wrong(files[0], f"the template can't be written: {type(error).__name__}.")
        return None

    def _own_of(self, files: Sequence[Path]) -> Path:
        """The folder of ours that any of these stands in, the one that counts first."""
        return next(
            folder for folder in self.folders if any(path.is_relative_to(folder) for path in files)
        )

    def _read_words(self, name: str) -> Words:
        texts: dict[str, Any] = {}
        for root in reversed(self.roots):
            path = root / name
            if not path.is_file() and root != self.roots[-1]:
                continue
            text = self._text_at(path)
            read = None if text is None else self._yaml_at(path, text)
            if isinstance(read, dict):
                self._check_places(path, read, "")
                texts = _merged(texts, read)
            elif read is not None:
                self._wrong(path, "this must be a list of words by key.")
        locale_name = str(texts.get("locale", self.language)).replace("-", "_")
        try:
            locale = Locale.parse(locale_name)
        except (ValueError, TypeError, LookupError, UnknownLocaleError):
            self._wrong(self._path(name), f"locale: there is no locale “{locale_name}”.")
            locale = Locale.parse(FALLBACK)
        return Words(texts, locale)

    def _check_places(self, path: Path, texts: Mapping[str, Any], where: str) -> None:
        """See that what is to be filled in, like `{name}`, can be: pages fail on it otherwise."""
        for key, value in texts.items():
            if isinstance(value, Mapping):
                self._check_places(path, value, f"{where}{key}.")
            elif (wrong := _wrong_place(str(value))) is not None:
                self._wrong(path, f"{where}{key}: {wrong} Write {{{{ and }}}} for braces.")


_PLACES = (
    "agenda.yaml",
    "agreement.md",
    "agreement.yaml",
    "mail",
    "portal.yaml",
    "report",
    "surveys",
    "training",
    "vocabularies",
)
"""What the folder of a language may hold."""

_BESIDE_LANGUAGES = ("definitions",)
"""What stands beside the folders of the languages."""
_ANY_PARTICULARS = Particulars(
    program="A program",
    organisation="An organisation",
    coordinator="A coordinator",
    safety="Somebody safe",
    sessions=6,
    minutes=60,
    delivery="hybrid",
    leader="mentor",
    reply_within=48,
)
"""To try the agreement with when it is read, so that a value that is misspelt is told at once."""

HEAD = '{% include "_greeting.md" %}'
"""What begins every mail."""

FOOT = '{% include "_footer.md" %}'
"""What ends every mail: who sends it and why, and where to find one's overview."""


def _wrong_place(text: str) -> str | None:
    """What is wrong with the places that a text leaves for values; None if nothing is."""
    try:
        names = [name for _, name, *_ in Formatter().parse(text) if name is not None]
    except ValueError:
        return "a brace is opened or closed alone."
    wrong = next((name for name in names if not name.isidentifier()), None)
    return None if wrong is None else f"“{{{wrong}}}” is no name of a value."


def _version_in(path: Path) -> str | None:
    """The version in a file's head, without checking anything."""
    found = re.search(
        rb"^version: *(\d+)", path.read_bytes() if path.is_file() else b"", re.MULTILINE
    )
    return found[1].decode() if found else None


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        mine = merged.get(key)
        both = isinstance(mine, Mapping) and isinstance(value, Mapping) and "other" not in value
        merged[key] = _merged(mine, value) if both else value  # type: ignore[arg-type]
    return merged


def _keys(texts: Mapping[str, Any], prefix: str = "") -> Iterable[str]:
    for key, value in texts.items():
        if isinstance(value, Mapping) and "other" not in value:
            yield from _keys(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def _nearest(language: str, known: Collection[str]) -> str:
    """The language itself, without its region, or English."""
    return next((one for one in nearest_to(language) if one in known), FALLBACK)


# --- Mails ---------------------------------------------------------------------------------------

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "xhtmlOut": True, "typographer": False})

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def _one_line(value: object) -> str:
    return shown_as_it_reads(" ".join(str(value).split()))


def _as_one_line(value: object) -> object:
    return value if isinstance(value, Undefined) else _one_line(value)


def _as_markdown(value: object) -> object:
    """Escape what a template puts out, so that it stays text whatever it holds.

    CommonMark lets every ASCII punctuation character be escaped by a backslash, in an address too.
    """
    if isinstance(value, Undefined):
        return value
    return _PUNCTUATION.sub(r"\\\1", _one_line(value))


def _environment(roots: list[Path], finalize: Any) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=FileSystemLoader([str(root) for root in roots]),
        undefined=StrictUndefined,
        autoescape=False,  # the result is Markdown, and `finalize` escapes for that
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["beginning"] = _beginning
    return environment


def _beginning(text: str) -> str:
    """A name, or a word in place of one, where a sentence begins."""
    return text[:1].upper() + text[1:]


_STYLE = {
    "p": "margin:0 0 16px",
    "ul": "margin:0 0 16px;padding-left:24px",
    "ol": "margin:0 0 16px;padding-left:24px",
    "li": "margin:0 0 6px",
    "blockquote": "margin:0 0 16px;padding:4px 0 4px 16px;border-left:3px solid #b9c8c4",
    "hr": "border:0;border-top:1px solid #d9dfdd;margin:32px 0 16px",
    "h2": "font-size:18px;margin:24px 0 8px",
    "a": "color:#0b5d51",
}

_BUTTON = (
    "display:inline-block;padding:12px 20px;border-radius:6px;background:#0b5d51;"
    "color:#ffffff;text-decoration:none;font-weight:600"
)


def _mail_html(tokens: list[Token]) -> str:
    """HTML with its style in place, as mail programs want it. A link alone becomes a button."""
    for token in tokens:
        if token.tag in _STYLE and token.nesting >= 0:
            token.attrSet("style", _STYLE[token.tag])
        children = token.children or []
        for child in children:
            if child.type == "link_open":
                child.attrSet("style", _BUTTON if _is_link_alone(children) else _STYLE["a"])
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def _is_link_alone(children: list[Token]) -> bool:
    return (
        bool(children)
        and children[0].type == "link_open"
        and children[-1].type == "link_close"
        and sum(child.type == "link_open" for child in children) == 1
    )


def _document(title: str, body: str, language: str) -> str:
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="{html.escape(language)}"><head><meta charset="utf-8" />'
        '<meta name="viewport" content="width=device-width, initial-scale=1" />'
        f"<title>{html.escape(title)}</title></head>\n"
        '<body style="margin:0;padding:24px;background:#ffffff;color:#1d2b28;'
        "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
        'font-size:16px;line-height:1.5"><div style="max-width:600px;margin:0 auto">\n'
        f"{body}</div></body></html>\n"
    )


def _plain(tokens: list[Token]) -> str:
    """The same as plain text: addresses written out, lists with dashes, a quote with `>`."""
    lines: list[str] = []
    depth: list[str] = []
    tight_item = ""
    for token in tokens:
        if token.type == "blockquote_open":
            depth.append("> ")
        elif token.type == "blockquote_close":
            depth.pop()
        elif token.type == "list_item_open":
            tight_item = f"{token.info}. " if token.info else "- "
        elif token.type == "hr":
            lines += ["-- ", ""]
        elif token.type == "inline":
            text = _plain_inline(token.children or [])
            lead = "".join(depth)
            lines += [f"{lead}{tight_item}{text}"]
            tight_item = ""
        if token.type in ("heading_close", "bullet_list_close", "ordered_list_close") or (
            token.type == "paragraph_close" and not token.hidden
        ):
            lines.append("")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _plain_inline(children: list[Token]) -> str:
    text = ""
    addresses: list[str] = []
    for child in children:
        if child.type == "text":
            text += child.content
        elif child.type in ("softbreak", "hardbreak"):
            text += "\n" if child.type == "hardbreak" else " "
        elif child.type == "code_inline":
            text += child.content
        elif child.type == "link_open":
            addresses.append(str(child.attrGet("href") or ""))
        elif child.type == "link_close":
            address = addresses.pop().removeprefix("mailto:")
            if not text.endswith(address):
                text += f":\n{address}" if _is_link_alone(children) else f" ({address})"
    return text
