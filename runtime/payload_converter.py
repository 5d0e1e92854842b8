"""What turns our values into payloads and back: pydantic's converter, made once."""

from __future__ import annotations

from typing import Self

from temporalio.contrib.pydantic import PydanticPayloadConverter, ToJsonOptions


class SharedPayloadConverter(PydanticPayloadConverter):
    """The SDK's converter for pydantic. There is one in a process, however many are asked for.

    The SDK asks for one for every workflow, and two for each of its tasks. Each would begin with
    nothing, and work out anew how to read every type that it meets.

    Fields that nobody set are left out: who reads fills them in with their defaults. That is most
    of what payloads would hold, and a default is therefore part of the format and never changes
    (`tests/histories/defaults.json`).
    """

    _one: Self | None = None

    def __new__(cls) -> Self:
        """The one that there is."""
        if cls._one is None:
            one = super().__new__(cls)
            PydanticPayloadConverter.__init__(one, ToJsonOptions(exclude_unset=True))
            cls._one = one
        return cls._one

    def __init__(self) -> None:
        """Nothing is left to do."""
