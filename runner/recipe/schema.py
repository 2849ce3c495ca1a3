"""The JSON Schema of recipes: what an editor needs to complete and check a recipe while it is typed."""

from __future__ import annotations

import json

from orbifolio.runner.recipe.model import Recipe


def schema_text() -> str:
    """The JSON Schema of recipes, as text with a final newline.

    `x-*` keys are allowed at every level of a recipe; the schema says so for editors.
    """
    schema = Recipe.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "orbifolio recipe"
    for part in [schema, *schema.get("$defs", {}).values()]:
        if part.get("type") == "object":
            part["patternProperties"] = {"^x-": {}}
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"
