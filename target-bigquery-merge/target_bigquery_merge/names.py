"""Names that are safe wherever they go: columns, tables and segments of object names, made from any text."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote

COLUMN_NAME_LENGTH = 300
TABLE_NAME_LENGTH = 200
SEGMENT_LENGTH = 200

# Our statements name columns of their own so.
_OURS = "_MERGE_"
_RESERVED_PREFIXES = ("_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER", _OURS)
_UNSAFE = re.compile(r"[^A-Za-z0-9_]")
_LIKE_AN_OBJECT = re.compile(r"\.(?=(?:gz|json|jsonl)\Z)")


def fingerprint(text: str, length: int = 8) -> str:
    """Return the first hex digits of a text's SHA-256; any text has one, also one with lone surrogates."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def column_name(source: str) -> str:
    """Spell a property's name by BigQuery's rules for columns; the same name whatever else is in the schema."""
    name = _UNSAFE.sub("_", source) or "_"
    if name[0].isdigit():
        name = f"_{name}"
    if name.upper().startswith(_RESERVED_PREFIXES):
        name = f"column{name}"
    return name if len(name) <= COLUMN_NAME_LENGTH else with_fingerprint(name, source, COLUMN_NAME_LENGTH)


def table_name(stream: str) -> str:
    """Spell a stream's name with letters, digits and `_` only."""
    name = _UNSAFE.sub("_", stream) or "_"
    return name if len(name) <= TABLE_NAME_LENGTH else with_fingerprint(name, stream, TABLE_NAME_LENGTH)


def with_fingerprint(name: str, source: str, length: int) -> str:
    """Tell a name from a similar one by the fingerprint of what it was made from."""
    return f"{name[: length - 9]}_{fingerprint(source)}"


def path_segment(value: object) -> str:
    """Turn any value into one segment of an object name: never empty, `.`, `..` or with a `/`; different values differ.

    Letters, digits and `-._~` stay, the rest is percent-encoded. What no percent-encoding yields marks the special
    cases: `%null`, `%empty`, and `%long-` before a fingerprint. A first `_` is encoded, as `_checkpoints` is ours, and
    so are the dots of what would look like one of our files, so that an object `x` never stands beside `x/y`.
    """
    if value is None:
        return "%null"
    text = str(value)
    segment = quote(text, safe="", errors="surrogatepass")
    if not segment:
        return "%empty"
    if segment.startswith("_"):
        segment = f"%5F{segment[1:]}"
    if not segment.strip("."):
        return segment.replace(".", "%2E")
    segment = _LIKE_AN_OBJECT.sub("%2E", segment)
    return segment if len(segment) <= SEGMENT_LENGTH else f"{segment[:100]}%long-{fingerprint(text, 32)}"


def label(value: str) -> str:
    """Spell a text as the value of a BigQuery label: lower-case letters, digits, `_` and `-`, at most 63."""
    return re.sub(r"[^a-z0-9_-]", "_", value.lower())[:63]
