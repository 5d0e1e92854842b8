"""All settings: what each is for, where it comes from, and a check of all of them at start.

A setting is read, first found first taken, from
1. the environment (`PORTAL_PORT=9000`),
2. a file that the environment names (`LINK_KEYS_FILE=/run/secrets/link_keys`), for secrets,
3. the embedded stack that runs on this machine, if one does (`var/stack.json`),
4. the default written here.

Temporal's own settings (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`,
`TEMPORAL_TLS_…`, `TEMPORAL_PROFILE`, …) are not repeated here: `runtime.temporal` reads them as
every Temporal tool does.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from domain.model import Value
from domain.problems import BadInput, Problem, did_you_mean
from domain.work import EVERY_KIND, Work
from runtime.link_keys import LINK_KEY_CHARACTERS, problem_with_key, problems_with_keys
from runtime.payload_keys import problem_with_payload_key
from runtime.running import running_stack
from runtime.version import VERSION
from store.content_folders import SHIPPED

PROJECT = Path(__file__).resolve().parent.parent
"""The folder the project was cloned into."""

VAR_DIR = PROJECT / "var"

ENVIRONMENT = "environment"
"""The `file` of a problem that a setting causes."""

MAKE_KEY = 'python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
"""A command that makes a key: 256 bits in base64, for links and for payloads alike."""

_BETWEEN_ADDRESSES = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)|\s+")
"""An address may hold commas of its own."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class LogFormat(StrEnum):
    """How a log line looks."""

    AUTO = "auto"
    """Readable on a terminal, JSON elsewhere."""
    READABLE = "readable"
    JSON = "json"


class LogLevel(StrEnum):
    """The least urgent line that is still written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class MailTls(StrEnum):
    """How the way to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    """Start in the clear, then insist on TLS before anything is said. Usual on port 587."""
    IMPLICIT = "implicit"
    """TLS from the first byte (`smtps://`). Usual on port 465."""


class MailServer(Value):
    """Where mail is handed over, read from `SMTP_URL`."""

    host: str
    port: int
    tls: MailTls
    user: str | None = None
    password: SecretStr | None = None


def read_smtp_url(url: str) -> MailServer:
    """The mail server that a URL names.

    `smtp://[user:password@]host[:port][?tls=starttls|none]` or `smtps://…`. A special character in
    user or password is percent-encoded. Without `tls`, STARTTLS is used, except on this machine
    itself. Raises ValueError, in words for the operator and without the password.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("this is not a mail server. Write smtp://host:587 or smtps://host:465.")
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError("the port is not a number from 1 to 65535.") from error
    options = parse_qs(parts.query)
    unknown = sorted(set(options) - {"tls"})
    if unknown:
        raise ValueError(
            f"“{unknown[0]}” is not an option. The only one is tls=starttls or tls=none."
        )
    local = parts.hostname in LOOPBACK
    if parts.scheme == "smtps":
        if options:
            raise ValueError(
                "smtps:// is TLS from the first byte, so tls=… can't be set beside it."
            )
        tls = MailTls.IMPLICIT
    else:
        wanted = options.get("tls", [MailTls.NONE if local else MailTls.STARTTLS])[-1]
        if wanted not in (MailTls.NONE, MailTls.STARTTLS):
            raise ValueError("tls must be starttls or none.")
        tls = MailTls(wanted)
    user = unquote(parts.username) if parts.username else None
    password = SecretStr(unquote(parts.password)) if parts.password else None
    if (user is None) != (password is None):
        raise ValueError("a user needs a password, and a password a user.")
    if user is not None and tls is MailTls.NONE and not local:
        raise ValueError(
            "with tls=none the password would cross the network readable. Use tls=starttls."
        )
    usual = {MailTls.IMPLICIT: 465, MailTls.STARTTLS: 587, MailTls.NONE: 25}[tls]
    return MailServer(
        host=parts.hostname, port=port or usual, tls=tls, user=user, password=password
    )


def _absolute(value: Path) -> Path:
    return value.expanduser().resolve()


def _is_web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(
            "this is not the address of a site. Write it like https://mentoring.example.com."
        )
    return value.rstrip("/")


def _is_folder(value: Path) -> Path:
    folder = _absolute(value)
    if not folder.is_dir():
        raise ValueError("there is no such folder.")
    return folder


def _is_database_url(value: SecretStr) -> SecretStr:
    # Here, so that who matches two files and needs nothing but the folder of content loads quickly.
    from sqlalchemy import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        backend = make_url(value.get_secret_value()).get_backend_name()
    except ArgumentError as error:
        raise ValueError(
            "this is not a database URL. Write postgresql://user:password@host/name or sqlite:///file."
        ) from error
    if backend not in ("sqlite", "postgresql", "postgres"):
        raise ValueError(f"{backend} is not supported. Use postgresql:// or sqlite:///.")
    return value


def _is_smtp_url(value: SecretStr) -> SecretStr:
    read_smtp_url(value.get_secret_value())
    return value


def _is_sender(value: str) -> str:
    address = parseaddr(value)[1]
    if "@" not in address.strip("@") or "\n" in value or "\r" in value:
        raise ValueError("this is not a sender. Write it like Mentoring <mentoring@example.com>.")
    return value


def _names_a_deployment(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", value):
        raise ValueError("use letters, digits, dots, hyphens and underscores, at most 100.")
    return value


def _names_a_user(value: str) -> str:
    if not re.fullmatch(r"[\w.@+\\-]{1,100}", value):
        raise ValueError(
            "this is no id of a person. Use letters, digits and . _ - + @ \\, at most 100."
        )
    return value


def _is_long(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < LINK_KEY_CHARACTERS:
        raise ValueError(
            f"it has fewer than {LINK_KEY_CHARACTERS} characters. Make one with: {MAKE_KEY}"
        )
    return value


def _are_keys(
    value: tuple[SecretStr, ...], problem: Callable[[str], str | None]
) -> tuple[SecretStr, ...]:
    if found := problems_with_keys([key.get_secret_value() for key in value], problem):
        raise ValueError(f"{'; '.join(found)}. Make one with: {MAKE_KEY}")
    return value


def _is_a_rate(value: float) -> float:
    if not 1 / 60 <= value <= 1000:
        raise ValueError("this is not a rate. Mails a second go from 0.017 to 1000.")
    return value


def _once_each(value: tuple[Work, ...]) -> tuple[Work, ...]:
    if not value:
        raise ValueError("it names nothing to do. Say workflows, mail, matching, or some of them.")
    return tuple(dict.fromkeys(value))


def _has_no_port_zero(value: int) -> int:
    if not 1 <= value <= 65_535:
        raise ValueError("this is not a port. Ports go from 1 to 65535.")
    return value


def _is_no_less_than_none(value: int) -> int:
    if value < 0:
        raise ValueError("this must be 0 or more.")
    return value


def _is_no_less_than_one(value: int) -> int:
    if value < 1:
        raise ValueError("this must be 1 or more.")
    return value


def _is_port_or_zero(value: int) -> int:
    return value if value == 0 else _has_no_port_zero(value)


Port = Annotated[int, AfterValidator(_has_no_port_zero)]


class Settings(Value):
    """Every setting of starter, worker and portal. The variable is a field's name in capitals."""

    var_dir: Annotated[Path, AfterValidator(_absolute)] = Field(
        default=VAR_DIR,
        description="Folder of all that the embedded stack keeps: databases, mailbox, logs, keys.",
    )
    database_url: Annotated[SecretStr, AfterValidator(_is_database_url)] | None = Field(
        default=None,
        description="The store: postgresql://user:password@host/name, or sqlite:///file. "
        "Default: store.db in VAR_DIR.",
    )
    smtp_url: Annotated[SecretStr, AfterValidator(_is_smtp_url)] = Field(
        default=SecretStr("smtp://127.0.0.1:1025"),
        description="The mail server: smtp://user:password@host:587?tls=starttls (or tls=none), or "
        "smtps://user:password@host:465. Default: the embedded mailbox's usual port.",
    )
    mail_from: Annotated[str, AfterValidator(_is_sender)] = Field(
        default="Reverse mentoring <mentoring@example.com>",
        description="The sender of all messages: Name <address>.",
    )
    portal_url: Annotated[str, AfterValidator(_is_web_address)] = Field(
        default="http://localhost:8080",
        description="The portal's address as participants reach it; links in messages begin so.",
    )
    portal_host: str = Field(
        default="127.0.0.1",
        description="The network address the portal listens on; 0.0.0.0 for all.",
    )
    portal_port: Port = Field(default=8080, description="The port the portal listens on.")
    portal_proxies: Annotated[int, AfterValidator(_is_no_less_than_none)] = Field(
        default=0,
        description="How many proxies of yours stand between participants and the portal, each of "
        "which adds to X-Forwarded-For whom it was asked by. By it the portal tells addresses "
        "apart; with 0 nobody is believed what they say of themselves.",
    )
    portal_wrong_links: Annotated[int, AfterValidator(_is_no_less_than_one)] = Field(
        default=60,
        description="How many links that lead nowhere one address (of IPv6: one network) may open "
        "in a minute. Links that are right are not counted, and work all the same.",
    )
    portal_sends: Annotated[int, AfterValidator(_is_no_less_than_one)] = Field(
        default=30, description="How many forms may be sent by one link in a minute."
    )
    mailbox_url: Annotated[str, AfterValidator(_is_web_address)] | None = Field(
        default=None, description="The embedded mailbox's page, where there is one."
    )
    temporal_ui_url: Annotated[str, AfterValidator(_is_web_address)] = Field(
        default="http://localhost:8233", description="The Temporal UI's address, for printed links."
    )
    task_queue: str = Field(
        default="reverse-mentoring",
        min_length=1,
        max_length=200,
        description="Temporal task queue that worker and starter share.",
    )
    work: Annotated[tuple[Work, ...], AfterValidator(_once_each)] = Field(
        default=EVERY_KIND,
        description="What a worker does: workflows, mail, matching, separated by spaces or commas. "
        "All of it by default; somebody has to do each. Each has a task queue of its own, so that "
        "none keeps another waiting.",
    )
    mail_rate: Annotated[float, AfterValidator(_is_a_rate)] = Field(
        default=10,
        description="The most mails a second that a worker hands over, from 0.017 (one a minute) "
        "to 1000 (as fast as it goes). Where several workers send, give each its share of what the "
        "mail server takes, and all the same. See operating.md.",
    )
    workflow_cache: Annotated[int, AfterValidator(_is_no_less_than_one)] = Field(
        default=1000,
        description="How many workflows a worker keeps in memory between their tasks, each about a "
        "quarter of a megabyte; the others are replayed when something comes for them, which takes "
        "a fifth of a second at most. See docs/benchmarks.md.",
    )
    deployment: Annotated[str, AfterValidator(_names_a_deployment)] | None = Field(
        default=None,
        description="The name of the worker deployment, for upgrades with programs in flight: the "
        "server then sends work to the build that is current or ramped. Without it, to every "
        "worker. See docs/upgrading.md.",
    )
    build_id: Annotated[str, AfterValidator(_names_a_deployment)] = Field(
        default=VERSION, description="The build of this worker in its deployment."
    )
    held_patches: tuple[str, ...] = Field(
        default=(),
        description="Changes to workflows that no run takes up yet, so that the build before can "
        "still take over, by the names that docs/upgrading.md gives, separated by spaces or "
        "commas.",
    )
    link_keys: tuple[SecretStr, ...] = Field(
        default=(),
        description="Keys that sign the links in messages, at least 32 characters each, separated "
        "by spaces, commas or lines. The first one signs; all are accepted, so that a new key can "
        "be put in front while links signed with the old one are still out. Worker and portal "
        "need one.",
    )
    payload_keys: tuple[SecretStr, ...] = Field(
        default=(),
        description="Keys that encrypt all that Temporal gets, 256 bits in base64 each, separated "
        "by spaces, commas or lines. The first one encrypts; all decrypt. Worker, portal, starter "
        "and codec server need the same. Without one nothing is encrypted; see encryption.md.",
    )
    payload_read_keys: tuple[SecretStr, ...] = Field(
        default=(),
        description="More such keys, which only decrypt: to switch encryption on and off while "
        "programs run.",
    )
    codec_host: str = Field(
        default="127.0.0.1",
        description="The network address the codec server listens on. Beyond this machine it "
        "wants CODEC_TOKEN or CODEC_TRUST_NETWORK.",
    )
    codec_port: Port = Field(default=8234, description="The port the codec server listens on.")
    codec_origins: tuple[str, ...] = Field(
        default=(),
        description="Sites whose pages may ask the codec server, separated by spaces or commas. "
        "Default: the site of TEMPORAL_UI_URL.",
    )
    codec_token: Annotated[SecretStr, AfterValidator(_is_long)] | None = Field(
        default=None,
        description="What who asks the codec server has to send as “Authorization: Bearer …”, at "
        "least 32 characters.",
    )
    codec_trust_network: bool = Field(
        default=False,
        description="Whether the codec server may listen beyond this machine without CODEC_TOKEN, "
        "because only who may read can reach it there.",
    )
    content_folder: Annotated[Path, AfterValidator(_is_folder)] | None = Field(
        default=None,
        description="A folder of your own texts, laid over content/: a file in it counts in place "
        "of the one with the same path there, and a new one is added. For starter, worker and "
        "portal.",
    )
    notify_urls: tuple[SecretStr, ...] = Field(
        default=(),
        description="Chat rooms and other places where the coordinator hears of what asks for "
        "them, beside the mail: addresses as the apprise package writes them (slack://…, "
        "msteams://…), separated by spaces or commas. The worker uses them.",
    )
    notify_names: bool = Field(
        default=False,
        description="Whether names of people may be said there. If not, only ids are.",
    )
    hr_user: Annotated[str, AfterValidator(_names_a_user)] | None = Field(
        default=None,
        description="Who is at this terminal, by an id of your organisation: what the record of "
        "acts says. Temporal never hears of it. Default: the account of the operating system.",
    )
    machine_name: Annotated[str, AfterValidator(_names_a_deployment)] | None = Field(
        default=None,
        description="What worker and portal call this machine where Temporal asks who they are. "
        "Histories keep it, so it must not be a person’s name. Default: the host’s name; with "
        "“make run”: local.",
    )
    log_format: LogFormat = Field(
        default=LogFormat.AUTO,
        description="auto (readable on a terminal, JSON elsewhere), readable or json.",
    )
    log_level: LogLevel = Field(
        default=LogLevel.INFO,
        description="debug, info, warning or error: the least urgent line written.",
    )
    watch_port: Annotated[int, AfterValidator(_is_port_or_zero)] = Field(
        default=0,
        description="The port on which worker and portal answer those that watch them, with "
        "/healthz, /readyz and /metrics; 0 for none. Each process needs its own.",
    )
    watch_host: str = Field(
        default="127.0.0.1",
        description="The network address of that port; 0.0.0.0 for all.",
    )
    traces_url: Annotated[str, AfterValidator(_is_web_address)] | None = Field(
        default=None,
        description="Where worker, portal and starter send traces, by OTLP over HTTP: the address "
        "of a collector, like http://localhost:4318. Not set: no traces.",
    )

    @field_validator(
        "link_keys",
        "payload_keys",
        "payload_read_keys",
        "codec_origins",
        "work",
        "held_patches",
        mode="before",
    )
    @classmethod
    def _split_words(cls, value: Any) -> Any:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("payload_keys", "payload_read_keys")
    @classmethod
    def _are_payload_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not value:  # it is set, so somebody counts on it
            raise ValueError(f"there is no key in it. Make one with: {MAKE_KEY}")
        return _are_keys(value, problem_with_payload_key)

    @field_validator("codec_origins")
    @classmethod
    def _are_sites(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_is_web_address(one) for one in value)

    @field_validator("notify_urls", mode="before")
    @classmethod
    def _split_addresses(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(one for one in _BETWEEN_ADDRESSES.split(value.strip()) if one)

    @field_validator("link_keys")
    @classmethod
    def _are_long(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        return _are_keys(value, problem_with_key)

    @field_validator("log_format", "log_level", "work", mode="before")
    @classmethod
    def _in_any_case(cls, value: Any) -> Any:
        return value.strip().lower() if isinstance(value, str) else value

    @property
    def database(self) -> str:
        """The store's URL, with its password."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.var_dir / 'store.db'}"

    @property
    def mail_server(self) -> MailServer:
        """Where mail is handed over."""
        return read_smtp_url(self.smtp_url.get_secret_value())

    @property
    def content(self) -> tuple[Path, ...]:
        """The folders that content is read from, the first laid over the other."""
        return (SHIPPED,) if self.content_folder is None else (self.content_folder, SHIPPED)

    def notify_addresses(self) -> tuple[str, ...]:
        """The places of NOTIFY_URLS. Raises BadInput where apprise can't read one of them."""
        addresses = tuple(url.get_secret_value() for url in self.notify_urls)
        if not addresses:
            return ()
        # Loading all that apprise can speak to takes a second, and few programs use it.
        from apprise import Apprise  # noqa: PLC0415

        logging.getLogger("apprise").disabled = True  # it would log the address, which is a secret
        problems = []
        for number, address in enumerate(addresses, 1):
            if Apprise.instantiate(address) is None:
                kind, known, _ = address.partition("://")
                which = f"address {number}" + (f", {kind[:20]}://…," if known else "")
                problems.append(
                    Problem(
                        file=ENVIRONMENT,
                        field="NOTIFY_URLS",
                        message=f"{which} is not one that apprise can use.",
                        hint="See https://appriseit.com for how each kind is written.",
                    )
                )
        if problems:
            raise BadInput(problems)
        return addresses

    def signing_keys(self) -> tuple[str, ...]:
        """The keys of the links, the signing one first. Raises BadInput where there is none."""
        if not self.link_keys:
            raise _wrong(
                "LINK_KEYS",
                "there is no key to sign the links in messages with.",
                "Set LINK_KEYS, or LINK_KEYS_FILE to a file that holds one. "
                f"Make one with: {MAKE_KEY}",
            )
        return tuple(key.get_secret_value() for key in self.link_keys)


def load_settings(
    environment: Mapping[str, str] | None = None,
    fields: Sequence[str] = tuple(Settings.model_fields),
) -> Settings:
    """The settings as they stand now, with `environment` in place of this process's own.

    Only `fields` are looked at; the others have their defaults. Raises BadInput with every wrong
    setting, each by its name.
    """
    outer = os.environ if environment is None else environment
    problems: list[Problem] = []
    values: dict[str, str] = {}
    for field in fields:
        try:
            value = read_secret_file(field.upper(), outer) or outer.get(field.upper())
        except BadInput as error:
            problems += error.problems
            continue
        if value:
            values[field] = value
    stack = running_stack(Path(values.get("var_dir", VAR_DIR)).expanduser())
    if stack:
        for field in [name for name in fields if name not in values]:
            try:
                value = read_secret_file(field.upper(), stack.settings)
            except BadInput as error:
                problems += error.problems
                continue
            value = value or stack.settings.get(field.upper())
            if value:
                values[field] = value
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += [_problem(detail) for detail in error.errors()]
    if problems:
        raise BadInput(problems)
    return settings


def content_folders(environment: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """The folders that content is read from, for who needs no other setting.

    Raises BadInput where the one that is set is not there.
    """
    return load_settings(environment, ("var_dir", "content_folder")).content


def read_secret_file(name: str, environment: Mapping[str, str]) -> str | None:
    """What the file named by the variable `name`_FILE holds, or None if there is no such variable.

    Raises BadInput when the file can't be read or is empty, or when `name` itself is set beside it.
    """
    path = environment.get(f"{name}_FILE")
    if not path:
        return None
    if environment.get(name):
        raise _wrong(
            f"{name}_FILE",
            f"{name} is set as well, so it is not clear which counts.",
            "Set only one of them.",
        )
    try:
        held = Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise _wrong(f"{name}_FILE", f"the file {path} can't be read: {reason}.") from error
    if not held:
        raise _wrong(f"{name}_FILE", f"the file {path} is empty.")
    return held


def _wrong(variable: str, message: str, hint: str | None = None) -> BadInput:
    return BadInput([Problem(file=ENVIRONMENT, field=variable, message=message, hint=hint)])


SECRETS = frozenset(
    {
        *("database_url", "smtp_url", "link_keys", "notify_urls"),
        *("payload_keys", "payload_read_keys", "codec_token"),
    }
)
"""Settings whose values are told nowhere."""


def _problem(detail: Any) -> Problem:
    name = str(detail["loc"][0]) if detail["loc"] else None
    message = str(detail["msg"]).removeprefix("Value error, ")
    hint = None
    choices = {"log_format": LogFormat, "log_level": LogLevel, "work": Work}.get(name or "")
    given = detail.get("input")
    if choices is not None and detail["type"] == "enum":
        message = f"“{given}” is not one of its values."
        hint = did_you_mean(str(given), [choice.value for choice in choices])
    elif detail["type"] == "bool_parsing":
        message = f"“{given}” is neither true nor false."
    elif detail["type"] in ("int_parsing", "float_parsing"):
        message = f"“{given}” is not a number."
    elif detail["type"] in ("greater_than_equal", "less_than_equal"):
        message = f"“{given}”: {message[0].lower()}{message[1:]}."
    elif (
        detail["type"] == "value_error"
        and name not in SECRETS
        and isinstance(given, str | int | Path)
    ):
        message = f"“{given}”: {message}"
    return Problem(
        file=ENVIRONMENT, field=name.upper() if name else None, message=message, hint=hint
    )
