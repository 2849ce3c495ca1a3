"""What the fields of settings mean, as their docstrings say."""

from __future__ import annotations

from pydantic import Field

from orbifolio.runner.settings import Settings, field_help


class Explained(Settings):
    """A class with help."""

    plain: int = 1
    """One line
    and another."""
    silent: int = 2
    renamed: int = Field(default=3, alias="other")
    """Under its own name."""


class Again(Explained):
    """Declares fields again."""

    plain: int = 4
    silent: int = 5
    """Now said."""


def test_help_is_the_docstring_below_a_field() -> None:
    assert field_help(Explained) == {"plain": "One line\nand another.", "other": "Under its own name."}


def test_a_subclass_explains_again_what_it_declares_again() -> None:
    assert field_help(Again) == {"silent": "Now said.", "other": "Under its own name."}


def test_help_is_the_same_as_pydantics_and_is_in_the_schema() -> None:
    class Read(Settings, use_attribute_docstrings=True):
        inner: Explained = Explained()
        """Another class."""
        number: int = Field(default=1, ge=0)
        """Not below 0."""

    texts = {name: field.description for name, field in Read.model_fields.items()}
    assert field_help(Read) == texts
    schema = Read.model_json_schema()
    assert {name: part["description"] for name, part in schema["properties"].items()} == texts
    assert schema["$defs"]["Explained"]["properties"]["other"]["description"] == "Under its own name."
    assert "description" not in schema["$defs"]["Explained"]["properties"]["silent"]
