"""Any text is a safe segment of an object name, and SQL only where it is quoted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from target_bigquery_merge import names, sql
from target_bigquery_merge.archive import FileNames
from target_bigquery_merge.runs import Run

RUN = Run("20240101T000000.000000Z-00000000", "2024-01-01")
HOSTILE = ["..", ".", "", "a/b", "../../x", "_checkpoints", "a\nb", "x" * 10_000, "é`'\"\\", "%null", "%empty", "\x00"]


def test_hostile_values_are_one_safe_segment_each() -> None:
    segments = [names.path_segment(value) for value in [*HOSTILE, None]]
    assert len(set(segments)) == len(segments)
    for segment in segments:
        assert "/" not in segment
        assert segment.strip(".")
        assert segment.isascii()
        assert segment.isprintable()
        assert not segment.startswith("_")
        assert len(segment) <= 200


@given(st.text(), st.text())
def test_different_values_have_different_segments(one: str, other: str) -> None:
    assert (names.path_segment(one) == names.path_segment(other)) == (one == other)


def test_usual_names_stay_readable() -> None:
    assert [names.path_segment(name) for name in ("octo-org", "site.github.io", "a_b", 7)] == [
        "octo-org",
        "site.github.io",
        "a_b",
        "7",
    ]


def test_no_object_stands_where_another_has_a_folder() -> None:
    files = FileNames("", RUN)
    file = files.chunk((), "s", 1, 1)
    inside = files.chunk(file.split("/")[:2], file.split("/")[2], 1, 1)
    assert not inside.startswith(f"{file}/")


def test_object_names_follow_the_layout() -> None:
    files = FileNames("raw/github", RUN)
    assert files.chunk(("octo", "hello world"), "reviews", 3, 7) == (
        "raw/github/octo/hello%20world/reviews/2024-01-01/20240101T000000.000000Z-00000000-000003-00007.jsonl.gz"
    )
    assert files.manifest("p", 3) == "raw/github/_checkpoints/p/20240101T000000.000000Z-00000000/000003.manifest.json"


@given(st.text())
def test_no_name_ends_its_quotes(name: str) -> None:
    quoted = sql.identifier(name)
    inner = quoted[1:-1].replace("\\\\", "").replace("\\`", "")
    assert "`" not in inner
    assert not inner.endswith("\\")


@given(st.text())
def test_table_names_are_plain(stream: str) -> None:
    name = names.table_name(stream)
    assert name.isascii()
    assert name.replace("_", "a").isalnum()
    assert len(name) <= names.TABLE_NAME_LENGTH
