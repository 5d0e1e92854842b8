"""The base of every value that crosses a boundary."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value. Unknown fields are refused, so that a typo never passes for data."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Section(Value):
    """A part of the definition. Its fields' docstrings are what an editor shows to the writer."""

    model_config = ConfigDict(use_attribute_docstrings=True)
