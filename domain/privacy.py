"""On what basis personal data is processed, and how long what people say they are is kept."""

from __future__ import annotations

from enum import StrEnum


class LawfulBasis(StrEnum):
    """On what the processing of personal data rests, in the terms of the GDPR (article 6(1)).

    Taking part is voluntary whatever the basis: that somebody said yes to the invitation is a fact
    of its own. Legal obligations and vital interests are not here: no mentoring program rests on
    them.
    """

    LEGITIMATE_INTERESTS = "legitimate_interests"
    """Article 6(1)(f). Not for public authorities in the performance of their tasks."""
    CONSENT = "consent"
    """Article 6(1)(a). Asked for apart from taking part, and withdrawn as easily as given (article
    7). Employees are seldom free to refuse (recital 43): think twice."""
    CONTRACT = "contract"
    """Article 6(1)(b): the contract of employment asks for it."""
    PUBLIC_TASK = "public_task"
    """Article 6(1)(e)."""
    COLLECTIVE_AGREEMENT = "collective_agreement"
    """Article 88: a collective agreement, works agreements included, provides for it."""

    @property
    def may_object(self) -> bool:
        """Whether people have the right to object (article 21)."""
        return self in (LawfulBasis.LEGITIMATE_INTERESTS, LawfulBasis.PUBLIC_TASK)


class IdentityKept(StrEnum):
    """How long what people say they are is kept."""

    UNTIL_MATCHED = "until_matched"
    """Until HR has approved the matches."""
    UNTIL_THE_END = "until_the_end"
    """For as long as everything else, so that new partners are sought by it too."""
