"""Links into the portal: signed, expiring, for one person and one purpose.

The token in a link is all that proves who somebody is. It holds opaque ids only, so a link that is
seen by others gives no name away; what it opens is limited by its purpose and its expiry.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum

from itsdangerous import BadData, URLSafeSerializer
from itsdangerous.encoding import base64_decode, base64_encode
from pydantic import ValidationError

from domain.model import Value
from domain.people import Role


class Purpose(StrEnum):
    """What a link is for: the first part of its path, and the page it opens."""

    JOIN = "join"
    APPROVAL = "approval"
    """For a line manager: whether they agree that somebody takes part. `occasion` is the person who
    is asked about."""
    INTRODUCTION = "introduction"
    GUIDE = "guide"
    """The training: which modules there are, and what was read of them."""
    TRAINING = "training"
    """One module of it."""
    AGREEMENT = "agreement"
    GOALS = "goals"
    BOOK = "book"
    PICK = "pick"
    CANCEL = "cancel"
    SESSION = "session"
    SURVEY = "survey"
    OVERVIEW = "overview"
    HELP = "help"
    """The two want help of the coordinator."""
    SAFETY = "safety"
    """Somebody does not feel safe."""
    AWAY = "away"
    """When messages reach the person, and which."""
    DATA = "data"
    """All that is held about the person."""
    CONTINUE = "continue"
    """Whether to go on meeting once the program is over."""
    CERTIFICATE = "certificate"
    GROUP = "group"
    """Whether somebody came to a group session; `occasion` names the date."""
    TASK = "task"
    """What happened with a pair, and what can be done: for who runs the program."""


COORDINATOR = "coordinator"
"""Stands for the person in links of the coordinator, who has no row among the people."""

SPONSOR = "sponsor"
"""Likewise, of the sponsor."""


class Link(Value):
    """What a token says, once its signature was checked."""

    purpose: Purpose
    program: str
    person: str
    role: Role | None = None
    pair: str | None = None
    session: int | None = None
    """Number of the session to book, to call off or to log."""
    survey: str | None = None
    """Id of the survey to answer."""
    occasion: str | None = None
    """Which sending of that survey: `pulse:after-session-2`. For a page of the training, the id of
    the module; for a group session, which of its dates."""
    expires: datetime
    """First instant at which the link no longer works. Kept to the second, rounded up."""


class LinkInvalid(Exception):
    """The token was not made by us, or not for this page."""


class LinkExpired(Exception):
    """The token was right once. `link` says whose it was."""

    def __init__(self, link: Link) -> None:
        super().__init__("the link has expired")
        self.link = link


class LinkOfErased(Exception):
    """The token is right, and nothing is held any more of whom it is for."""

    def __init__(self, link: Link) -> None:
        super().__init__("nothing is held of this person")
        self.link = link


_SALT = "portal link 1"
_WRITTEN = re.compile(r"[A-Za-z0-9_.-]+")
_FIELDS = ("purpose", "program", "person", "role", "pair", "session", "survey", "occasion")


class Links:
    """Makes links and reads them.

    `keys` rotate: the first signs, all of them verify, so a new key is put in front and the old
    one is dropped once its links have expired. `base_url` is where people reach the portal.
    """

    def __init__(self, base_url: str, keys: Sequence[str]) -> None:
        if not keys or not all(keys):
            raise ValueError("links need at least one key that is not empty")
        self.base_url = base_url.rstrip("/")
        self._serializer = URLSafeSerializer(
            list(reversed(keys)),  # itsdangerous signs with the last
            salt=_SALT,
            signer_kwargs={"digest_method": hashlib.sha256},
        )

    def url(self, link: Link) -> str:
        """The address to put in a message."""
        return f"{self.base_url}/{link.purpose.value}/{self.token(link)}"

    def token(self, link: Link) -> str:
        """The last part of the address."""
        fields = [getattr(link, name) for name in _FIELDS]
        dumped = self._serializer.dumps([math.ceil(link.expires.timestamp()), *fields])
        return dumped if isinstance(dumped, str) else dumped.decode("ascii")

    def open(self, token: str, purpose: Purpose) -> Link:
        """Read a token whatever its age. Raises LinkInvalid.

        Who opens a link has to look at `expires` too; `read` does both.
        """
        if not _is_as_we_write(token):
            raise LinkInvalid("the link was not made here")
        try:
            expires, *fields = self._serializer.loads(token)
            link = Link(
                expires=datetime.fromtimestamp(expires, UTC),
                **dict(zip(_FIELDS, fields, strict=True)),
            )
        except (BadData, ValidationError, ValueError, TypeError, OverflowError, OSError) as error:
            raise LinkInvalid("the link was not made here") from error
        if link.purpose is not purpose:
            raise LinkInvalid("the link is for another page")
        return link

    def read(self, token: str, purpose: Purpose, now: datetime) -> Link:
        """Read a token that must still be good at `now`, the program's present.

        `now` is `store.journal.now_of`, never the machine's clock: a program's days may be short.
        Raises LinkInvalid, LinkExpired.
        """
        link = self.open(token, purpose)
        if now >= link.expires:
            raise LinkExpired(link)
        return link


def _is_as_we_write(token: str) -> bool:
    """Whether a token is written the one way that we write it.

    The decoder of the signature passes over what is no base64, and over the last bits that mean
    nothing: so one link could be written in many ways, and would count as many.
    """
    signature = token.rpartition(".")[2]
    if not _WRITTEN.fullmatch(token):
        return False
    try:
        return base64_encode(base64_decode(signature)) == signature.encode("ascii")
    except BadData:
        return False
