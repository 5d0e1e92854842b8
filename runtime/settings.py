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

import os
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from domain.model import Value
from domain.problems import BadInput, Problem, did_you_mean
from runtime.running import running_stack

PROJECT = Path(__file__).resolve().parent.parent
"""The folder the project was cloned into."""

ENVIRONMENT = "environment"
"""The `file` of a problem that a setting causes."""

LINK_KEY_CHARACTERS = 32
"""The least length of a signing key: 32 characters of base64 hold 192 bits."""

MAKE_KEY = 'python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
"""A command that makes a signing key."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


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
    local = parts.hostname in _LOOPBACK
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


def _is_web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(
            "this is not the address of a site. Write it like https://mentoring.example.com."
        )
    return value.rstrip("/")


def _is_database_url(value: SecretStr) -> SecretStr:
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


def _has_no_port_zero(value: int) -> int:
    if not 1 <= value <= 65_535:
        raise ValueError("this is not a port. Ports go from 1 to 65535.")
    return value


Port = Annotated[int, AfterValidator(_has_no_port_zero)]


class Settings(BaseSettings):
    """Every setting of starter, worker and portal. The variable is a field's name in capitals."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    var_dir: Path = Field(
        default=PROJECT / "var",
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
    link_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Keys that sign the links in messages, at least 32 characters each, separated "
        "by spaces, commas or lines. The first one signs; all are accepted, so that a new key can "
        "be put in front while links signed with the old one are still out. Worker and portal "
        "need one.",
    )
    log_format: LogFormat = Field(
        default=LogFormat.AUTO,
        description="auto (readable on a terminal, JSON elsewhere), readable or json.",
    )
    log_level: LogLevel = Field(
        default=LogLevel.INFO,
        description="debug, info, warning or error: the least urgent line written.",
    )

    @field_validator("link_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: Any) -> Any:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("link_keys")
    @classmethod
    def _are_long(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        short = [
            n for n, key in enumerate(value, 1) if len(key.get_secret_value()) < LINK_KEY_CHARACTERS
        ]
        if short:
            raise ValueError(
                f"key {short[0]} has fewer than {LINK_KEY_CHARACTERS} characters. Make one with: "
                f"{MAKE_KEY}"
            )
        return value

    @field_validator("log_format", "log_level", mode="before")
    @classmethod
    def _in_any_case(cls, value: Any) -> Any:
        return value.strip().lower() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _take_home(self) -> Self:
        object.__setattr__(self, "var_dir", self.var_dir.expanduser().resolve())
        return self

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

    def signing_keys(self) -> tuple[str, ...]:
        """The keys of the links, the signing one first. Raises BadInput where there is none."""
        if not self.link_keys:
            raise BadInput(
                [
                    Problem(
                        file=ENVIRONMENT,
                        field="LINK_KEYS",
                        message="there is no key to sign the links in messages with.",
                        hint="Set LINK_KEYS, or LINK_KEYS_FILE to a file that holds one. "
                        f"Make one with: {MAKE_KEY}",
                    )
                ]
            )
        return tuple(key.get_secret_value() for key in self.link_keys)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment, then files it names, then the stack that runs here."""
        return (
            init_settings,
            env_settings,
            _FromFiles(settings_cls),
            _FromRunningStack(settings_cls),
        )


class _Source(PydanticBaseSettingsSource):
    """A source that gives a field by its variable's name."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self.value(field_name.upper()), field_name, False

    def value(self, name: str) -> str | None:
        raise KeyError(name)

    def __call__(self) -> dict[str, Any]:
        found = {name: self.value(name.upper()) for name in self.settings_cls.model_fields}
        return {name: value for name, value in found.items() if value}


class _FromFiles(_Source):
    """`NAME_FILE` names a file that holds the value of `NAME`."""

    def value(self, name: str) -> str | None:
        return read_secret_file(name)


class _FromRunningStack(_Source):
    """The addresses that the embedded stack on this machine chose."""

    def __call__(self) -> dict[str, Any]:
        var = self.current_state.get("var_dir") or self.settings_cls.model_fields["var_dir"].default
        stack = running_stack(Path(var).expanduser())
        self._settings = stack.settings if stack else {}
        return super().__call__()

    def value(self, name: str) -> str | None:
        return self._settings.get(name)


def read_secret_file(name: str) -> str | None:
    """What the file named by the variable `name`_FILE holds, or None if there is no such variable.

    Raises BadInput when the file can't be read, or when `name` itself is set beside it.
    """
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return None
    if os.environ.get(name):
        raise BadInput(
            [
                Problem(
                    file=ENVIRONMENT,
                    field=f"{name}_FILE",
                    message=f"{name} is set as well, so it is not clear which counts.",
                    hint="Set only one of them.",
                )
            ]
        )
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise BadInput(
            [
                Problem(
                    file=ENVIRONMENT,
                    field=f"{name}_FILE",
                    message=f"the file {path} can't be read: {reason}.",
                )
            ]
        ) from error


def load_settings(**given: Any) -> Settings:
    """The settings as they stand now; `given` wins over every source.

    Raises BadInput with every wrong setting, each by its name.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        raise BadInput([_problem(detail) for detail in error.errors()]) from None
    except SettingsError as error:
        raise BadInput([Problem(file=ENVIRONMENT, message=str(error))]) from None


_SECRETS = frozenset({"database_url", "smtp_url", "link_keys"})


def _problem(detail: Any) -> Problem:
    name = str(detail["loc"][0]) if detail["loc"] else None
    message = str(detail["msg"]).removeprefix("Value error, ")
    hint = None
    choices = {"log_format": LogFormat, "log_level": LogLevel}.get(name or "")
    given = detail.get("input")
    if choices is not None:
        message = f"“{given}” is not one of its values."
        hint = did_you_mean(str(given), [choice.value for choice in choices])
    elif detail["type"] == "int_parsing":
        message = f"“{given}” is not a number."
    elif detail["type"] == "value_error" and name not in _SECRETS and isinstance(given, str | int):
        message = f"“{given}”: {message}"
    return Problem(
        file=ENVIRONMENT, field=name.upper() if name else None, message=message, hint=hint
    )
