"""What people read of how their data is processed: on what basis, for how long, and whom to ask."""

from __future__ import annotations

from domain.definition import Definition
from store.consents import Read
from store.content import Words


def told(words: Words, definition: Definition) -> tuple[str, ...]:
    """A sentence or two each: the basis where HR names it, how long, and who answers questions."""
    privacy, contact = definition.privacy, definition.privacy_contact
    return (
        *(basis(words, definition),) * (privacy.lawful_basis is not None),
        words("privacy.kept", count=privacy.keep_days),
        words("privacy.ask", contact=contact.name, email=contact.email),
    )


def basis(words: Words, definition: Definition) -> str:
    """On what the processing rests; nothing where HR does not say."""
    named = definition.privacy.lawful_basis
    if named is None:
        return ""
    return words(f"privacy.basis.{named.value}", organisation=definition.program.organisation)


def asks_for_consent(definition: Definition) -> bool:
    """Whether the processing rests on consent, so that everybody has to be asked for it."""
    return definition.privacy.asks_for_consent


def consent(words: Words, definition: Definition) -> Read:
    """What somebody agrees to, as they read it."""
    text = words(
        "privacy.consent",
        organisation=definition.program.organisation,
        program=definition.program.title,
        count=definition.privacy.keep_days,
    )
    return Read(text=text, language=str(words.locale))
