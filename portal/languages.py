"""Which language somebody gets of whom nothing is known: the one that their browser asks for."""

from __future__ import annotations

from store.content import Content

MOST_ASKED = 20
"""Languages of a request that are looked at."""


def as_asked(content: Content, accept_language: str) -> Content:
    """The content in the language that a browser would like best, of those that there are.

    `accept_language` is the header of that name, such as `de-AT,de;q=0.9,en;q=0.5`. A language with
    a region that we don't have counts as the one without. Where nothing of it is known, or there is
    no such header, it stays as it is.
    """
    for tag in _by_preference(accept_language):
        language, _, region = tag.partition("-")
        full = f"{language.lower()}-{region.upper()}"
        for known in (full, language.lower()):
            if known in content.languages:
                return content.in_language(known)
    return content


def _by_preference(accept_language: str) -> list[str]:
    """The languages of the header, the best liked first; those that nobody wants are left out."""
    liked: list[tuple[float, str]] = []
    for entry in accept_language.split(",")[:MOST_ASKED]:
        tag, *settings = (part.strip() for part in entry.split(";"))
        quality = next((setting[2:] for setting in settings if setting.startswith("q=")), "1")
        try:
            liking = float(quality)
        except ValueError:
            continue
        if tag and liking > 0:
            liked.append((liking, tag))
    return [tag for _, tag in sorted(liked, key=lambda one: -one[0])]
