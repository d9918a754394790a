"""JSON Schema to BigQuery types.

| JSON Schema | BigQuery |
|---|---|
| integer | INTEGER |
| number | FLOAT; NUMERIC or BIGNUMERIC where `multipleOf` is 10^-n |
| boolean | BOOLEAN |
| string | STRING; with format date-time TIMESTAMP, date DATE, time TIME |
| object with properties | RECORD; JSON where it, or anything below it, is free-form |
| array of one non-null scalar type or RECORD | REPEATED |
| anything else: free-form objects, mixed types, arrays of arrays or with nulls | JSON |

`null` beside a type, in a list of types or in anyOf / oneOf, makes it nullable and says nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NUMERIC_SCALE = 9
BIGNUMERIC_SCALE = 38

_FORMATS = {"date-time": "TIMESTAMP", "date": "DATE", "time": "TIME"}
_SCALARS = {"integer": "INTEGER", "boolean": "BOOLEAN"}
_PYTHON_TYPES = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    type(None): "null",
    dict: "object",
    list: "array",
}


@dataclass(frozen=True)
class FieldType:
    """A BigQuery type, as the API spells it."""

    name: str
    repeated: bool = False
    nullable: bool = False
    properties: Mapping[str, Mapping[str, Any]] | None = None
    required: frozenset[str] = frozenset()


def field_type(schema: Mapping[str, Any] | bool) -> FieldType:  # noqa: FBT001 -- JSON Schema has boolean schemas
    """Find the BigQuery type that holds every value that the schema allows."""
    variants = list(_variants(schema))
    nullable = any(kind in {"null", "any"} for kind, _ in variants)
    types = {_type_of(kind, variant) for kind, variant in variants if kind != "null"}
    if types == {FieldType("INTEGER"), FieldType("FLOAT")}:
        types = {FieldType("FLOAT")}
    if len(types) > 1 and types <= _TEXTS:
        # Times beside free text: only text holds both.
        types = {FieldType("STRING")}
    if len(types) != 1:
        return FieldType("JSON", nullable=nullable)
    return replace(types.pop(), nullable=nullable)


def _variants(schema: Mapping[str, Any] | bool) -> Iterator[tuple[str, Mapping[str, Any]]]:  # noqa: FBT001 -- as above
    """Split a schema into its alternatives: (JSON type, schema) pairs; `any` where the type is open."""
    if isinstance(schema, bool):
        yield "any", {}
        return
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if alternatives:
        inherited = {key: value for key, value in schema.items() if key not in {"anyOf", "oneOf"}}
        for alternative in alternatives:
            yield from _variants({**inherited, **alternative} if isinstance(alternative, dict) else alternative)
        return
    kinds = schema.get("type")
    if kinds is None:
        allowed = [schema["const"]] if "const" in schema else schema.get("enum", [])
        kinds = sorted({_PYTHON_TYPES[type(value)] for value in allowed}) or ["any"]
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        yield kind, schema


def _type_of(kind: str, schema: Mapping[str, Any]) -> FieldType:
    if kind in _SCALARS:
        return FieldType(_SCALARS[kind])
    if kind == "string":
        return FieldType(_FORMATS.get(schema.get("format", ""), "STRING"))
    if kind == "number":
        return FieldType(_number(schema))
    if kind == "object":
        return _object(schema)
    if kind == "array":
        return _array(schema)
    return FieldType("JSON")


def _number(schema: Mapping[str, Any]) -> str:
    step = schema.get("multipleOf")
    if step is None:
        return "FLOAT"
    try:
        exponent = Decimal(str(step)).normalize().as_tuple().exponent
    except InvalidOperation:
        return "FLOAT"
    scale = max(0, -exponent) if isinstance(exponent, int) else BIGNUMERIC_SCALE + 1
    if scale <= NUMERIC_SCALE:
        return "NUMERIC"
    return "BIGNUMERIC" if scale <= BIGNUMERIC_SCALE else "FLOAT"


_TEXTS = {FieldType("STRING"), *map(FieldType, _FORMATS.values())}


class _Properties(dict[str, "Mapping[str, Any]"]):
    """Properties of an object; hashable by identity, so that types fit in a set."""

    __hash__ = object.__hash__  # type: ignore[assignment] # dict has none


def _object(schema: Mapping[str, Any]) -> FieldType:
    properties = schema.get("properties")
    if not properties or schema.get("additionalProperties") or schema.get("patternProperties"):
        return FieldType("JSON")
    if any(_free_form(below) for below in properties.values()):
        return FieldType("JSON")
    return FieldType(
        "RECORD", properties=_Properties(properties), required=frozenset(schema.get("required", ())) & set(properties)
    )


def _free_form(schema: Mapping[str, Any]) -> bool:
    return field_type(schema).name == "JSON"


def _array(schema: Mapping[str, Any]) -> FieldType:
    items = schema.get("items")
    if not isinstance(items, dict):
        return FieldType("JSON")
    item = field_type(items)
    if item.repeated or item.nullable or item.name == "JSON":
        return FieldType("JSON")
    return replace(item, repeated=True)
