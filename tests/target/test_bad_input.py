"""Bad input ends the run with an error that names stream, line and field; what came before the last STATE is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from target_bigquery_merge.errors import MessageError, MissingKeyError, RecordError, SchemaError, TargetError

from .helpers import record, schema, state

if TYPE_CHECKING:
    from .helpers import Loading

PROPERTIES = {
    "id": {"type": "integer"},
    "n": {"type": "number"},
    "at": {"type": "string", "format": "date-time"},
    "text": {"type": ["string", "null"]},
    "who": {"type": "object", "properties": {"name": {"type": "string"}}},
    "tags": {"type": "array", "items": {"type": "string"}},
    "free": {},
    "needed": {"type": "string"},
}
SCHEMA = schema("s", PROPERTIES, ["id"], required=["id", "needed"])


def raw(values: str) -> str:
    return f'{{"type": "RECORD", "stream": "s", "record": {{"id": 2, "needed": "x", {values}}}}}'


BAD_RECORDS = [
    (raw('"n": "1"'), "field 'n': expected a number, got a string"),
    (raw('"n": NaN'), "field 'n': the number is not finite"),
    (raw('"n": -Infinity'), "field 'n': the number is not finite"),
    (raw('"n": 1e999'), "field 'n': the number is not finite"),
    (raw('"n": null'), "field 'n': null is not allowed"),
    (raw('"id": 9223372036854775808'), "field 'id': the integer is out of the range"),
    (raw('"id": 1.5'), "field 'id': expected an integer, got a number"),
    (raw('"at": "10000-01-01T00:00:00Z"'), "field 'at': it is not a date-time of the years 0001 to 9999"),
    (raw('"text": "\\ud800"'), "field 'text': the text holds half of a surrogate pair"),
    (raw('"text": 7'), "field 'text': expected a string, got an integer"),
    (raw('"who": {"name": 1}'), "field 'who.name': expected a string"),
    (raw('"who": []'), "field 'who': expected an object"),
    (raw('"tags": ["a", null]'), "field 'tags': expected a string, got null"),
    (raw('"tags": "a"'), "field 'tags': expected an array"),
    (raw('"free": {"deep": [Infinity]}'), "field 'free': a number in the JSON value is not finite"),
    (raw('"free": 1' + "0" * 30), "field 'free': an integer in the JSON value is out of the range"),
    (raw('"needed": null'), "field 'needed': null is not allowed"),
    ('{"type": "RECORD", "stream": "s", "record": {"id": 2}}', "field 'needed': the schema requires this field"),
    (raw('"x": 1').replace('"id": 2, ', ""), "field 'id': the record lacks this key property"),
]


def test_bad_records_are_named_and_what_came_before_is_kept(loading: Loading) -> None:
    loading.run([SCHEMA])
    for number, (bad, message) in enumerate(BAD_RECORDS):
        before = [SCHEMA, record("s", {"id": number, "needed": "x"}), state(at=number)]
        with pytest.raises(RecordError) as failure:
            loading.run([*before, record("s", {"id": -1, "needed": "after the last STATE"}), bad, state(at=99)])
        assert str(failure.value).startswith(f"Stream 's', line 5, {message}"), bad
        assert failure.value.__notes__ == [f"{json.dumps({'at': number})}\n"]
    assert [row["id"] for row in sorted(loading.rows("s"), key=lambda row: row["id"])] == list(range(len(BAD_RECORDS)))


def test_a_missing_key_is_the_error_that_the_sdk_knows() -> None:
    from singer_sdk.exceptions import MissingKeyPropertiesError  # noqa: PLC0415 -- what it is compared with

    assert issubclass(MissingKeyError, MissingKeyPropertiesError)


BAD_MESSAGES: list[tuple[Any, type[TargetError], str]] = [
    ('{"type": "RECORD", "stream": "s", "rec', MessageError, r"Line 2: malformed JSON at character \d+: .*cut short"),
    ("[1]", MessageError, "Line 2: expected a JSON object"),
    ("[" * 100_000, MessageError, "Line 2: malformed JSON"),
    (
        '{"type": "RECORD", "stream": "s", "record": {"id": ' + "9" * 5_000 + "}}",
        MessageError,
        "Line 2: malformed JSON",
    ),
    ({"no": "type"}, MessageError, "Line 2: unknown message type 'None'"),
    ({"type": "NEWS"}, MessageError, "Line 2: unknown message type 'NEWS'"),
    ({"type": "RECORD", "stream": "s"}, MessageError, "Line 2: a RECORD message needs a stream and a record"),
    (record("other", {"id": 1}), MessageError, "Line 2: a record of stream 'other' comes before its SCHEMA"),
    ({"type": "SCHEMA", "stream": "t"}, MessageError, "Line 2: a SCHEMA message needs a stream and a schema"),
    (
        {"type": "SCHEMA", "stream": "t", "schema": {}},
        SchemaError,
        "Line 2: the schema of stream 't' has no properties",
    ),
    ({"type": "STATE", "value": 7}, MessageError, "Line 2: the value of a STATE message is an object"),
    ({"type": "BATCH", "stream": "s"}, MessageError, "Line 2: stream 's' sends BATCH messages"),
    (record("s", {"id": 1, "needed": "x"}, "yesterday"), MessageError, "Line 2: time_extracted of stream 's'"),
    (schema("t", {"a": {}}, ["a"]), SchemaError, "Stream 't': key property 'a' is JSON, which cannot be a key"),
    (schema("t", {"a": {}}, ["b"]), SchemaError, "Stream 't': key property 'b' is not in its schema"),
]


@pytest.mark.parametrize(("bad", "kind", "message"), BAD_MESSAGES)
def test_bad_messages_are_named(loading: Loading, bad: Any, kind: type[TargetError], message: str) -> None:
    with pytest.raises(kind, match=message):
        loading.run([SCHEMA, bad])


def test_bytes_that_are_no_text_are_named(loading: Loading, tmp_path: Any) -> None:
    file = tmp_path / "input.singer"
    file.write_bytes(b'{"type": "STATE", "value": {"a": "\xff"}}\n')
    with file.open("rb") as lines, pytest.raises(MessageError, match="Line 1: malformed JSON"):
        loading.target().listen(lines)


def test_fields_that_the_schema_does_not_know_are_told_once(loading: Loading, caplog: pytest.LogCaptureFixture) -> None:
    loading.run([SCHEMA, *(record("s", {"id": n, "needed": "x", "extra": 1}) for n in range(3))])
    assert [message for message in caplog.messages if "'extra'" in message] == [
        "Stream 's': field 'extra' is not in the schema and is left out of the table."
    ]


def test_activate_version_is_told_once(loading: Loading, caplog: pytest.LogCaptureFixture) -> None:
    message = {"type": "ACTIVATE_VERSION", "stream": "s", "version": 1}
    loading.run([SCHEMA, message, message])
    assert len([line for line in caplog.messages if "ACTIVATE_VERSION is ignored" in line]) == 1


def test_without_validation_gaps_become_null(loading: Loading) -> None:
    loading.run([SCHEMA, record("s", {"id": 1, "n": None})], validate_records=False)
    assert [(row["id"], row["needed"], row["n"]) for row in loading.rows("s")] == [(1, None, None)]


HOSTILE = ["`; DROP TABLE x; --", "../../etc", "a\nb", "\\", "'\"", "${staging}", "@through", "é🎉", "x" * 1_000]


def test_hostile_names_become_neither_sql_nor_paths(loading: Loading) -> None:
    text = {"type": "string"}
    path = {"organization": text, "repository": text}
    properties = {name: {"type": "string", "description": name} for name in HOSTILE}
    values = dict(zip(HOSTILE, reversed(HOSTILE), strict=True))
    messages = []
    for stream in HOSTILE:
        messages.append(schema(stream, {**properties, **path}, HOSTILE))
        messages += [record(stream, {**values, **dict.fromkeys(path, each)}) for each in HOSTILE[:2]]
    for _ in range(2):
        loading.run(messages)
    tables = loading.tables()
    assert len(tables) == len(HOSTILE)
    for table in tables:
        assert [list(row.values())[: len(HOSTILE)] for row in loading.rows(table)] == [list(values.values())]
    assert all(name.count("/") == 4 for name in loading.objects() if not name.startswith("_checkpoints/"))
