"""The base of every value that crosses a boundary."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler


class Value(BaseModel):
    """An immutable value.

    Unknown fields are passed over: while a new release is ramped up, or is taken back, workers read
    what a newer one has written.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


class Written(Value):
    """Something that a person wrote. Unknown fields are refused: a typo never passes for data."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def stored(cls, data: Any) -> Self:
        """It as a release wrote it into the store, perhaps a newer one."""
        return cls.model_validate(data, extra="ignore")


class Section(Written):
    """A part of the definition. Its fields' docstrings are what an editor shows to the writer."""

    # Not `use_attribute_docstrings`: that reads every class's source whenever it is imported, which
    # is 25 ms of each command for words that only the schema has.
    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: GetJsonSchemaHandler) -> Any:
        found = handler(schema)
        properties = handler.resolve_ref_schema(found).get("properties", {})
        for name, words in _docstrings_of_fields(cls).items():
            if name in properties:
                described = {**properties[name], "description": words}
                properties[name] = dict(sorted(described.items()))
        return found


def _docstrings_of_fields(section: type) -> dict[str, str]:
    """By field, the string that stands below it, in the class or one that it comes from."""
    import ast  # noqa: PLC0415 - only who writes the schema reads source
    import inspect  # noqa: PLC0415
    import textwrap  # noqa: PLC0415

    found: dict[str, str] = {}
    for part in reversed(section.__mro__):
        if not issubclass(part, Section):
            continue
        (written,) = ast.parse(textwrap.dedent(inspect.getsource(part))).body
        assert isinstance(written, ast.ClassDef)  # noqa: S101 - the source of a class
        for field, below in zip(written.body, written.body[1:], strict=False):
            match field, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(words))),
                ):
                    found[name] = inspect.cleandoc(words)
    return found
