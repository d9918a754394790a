"""Writes the reference parts of the documentation from what the code says: tables, settings and example queries.

`reference.py` writes them; `reference.py --check` says which file is behind, and exits 1.

Whole files: docs/tables.md. Parts of a file, between `<!-- NAME -->` and `<!-- /NAME -->`: in docs/settings.md and
README.md. The sources: the tap's schemas, the settings of both plugins, the plugin definitions under plugins/, and the
queries under docs/queries/.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml
from tap_github_stats.tap import TapGitHubStats
from target_bigquery_merge.target import TargetBigQueryMerge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROOT: Final = Path(__file__).resolve().parent.parent
SCHEMAS: Final = ROOT / "tap-github-stats" / "tap_github_stats" / "schemas"
LOADER: Final = ROOT / "plugins" / "loaders" / "target-bigquery-merge.meltano.yml"
QUERIES: Final = ("developer_velocity", "pr_size_distribution", "review_activity", "commit_attribution")

TABLES_HEAD: Final = """# Tables

Every column of every table. This page is written by `make docs` from the tap's schemas.

Timestamps are UTC. `NULL` marks a column that can be null; every other column is REQUIRED in BigQuery (a list without
items is empty, not null).
"""
TABLES_TAIL: Final = """
## In every table

The target adds these columns. The last three are the version of a row: of two observations of one row the newer one
stays, whichever arrives first.

"""
# What the SDK adds to the settings of every plugin.
SDK_SETTINGS: Final = ("stream_map", "faker_", "flattening_", "batch_config")
ADDED_COLUMNS: Final = {
    "ingestion_timestamp": ("TIMESTAMP", "When the row was loaded into BigQuery."),
    "_sdc_extracted_at": ("TIMESTAMP", "When GitHub's server said this: the date of the response that held the row."),
    "_sdc_run_id": ("STRING", "The run that wrote the row; starts with its UTC start, so that it sorts by time."),
    "_sdc_sequence": ("INT64", "Ordinal of the row within that run, from 1."),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the reference, or check that it is up to date."""
    parser = argparse.ArgumentParser(description="Write the reference parts of the documentation.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where something is behind")
    check = parser.parse_args(arguments).check
    behind = [path for path, text in documents().items() if not path.exists() or path.read_text() != text]
    for path in behind:
        name = path.relative_to(ROOT)
        if check:
            print(f"{name} is behind: run `make docs`", file=sys.stderr)
        else:
            path.write_text(documents()[path])
            print(f"wrote {name}")
    return 1 if check and behind else 0


def documents() -> dict[Path, str]:
    """Give every file that holds reference, with the text that it should have."""
    tables_of_settings = {
        "tap settings": settings_table(settings(TapGitHubStats), "TAP_GITHUB_STATS"),
        "target settings": settings_table(settings(TargetBigQueryMerge), "TARGET_BIGQUERY_MERGE"),
    }
    queries = {f"query {name}": query(name) for name in QUERIES}
    return {
        ROOT / "docs" / "tables.md": tables(),
        ROOT / "docs" / "settings.md": filled(ROOT / "docs" / "settings.md", tables_of_settings),
        ROOT / "README.md": filled(ROOT / "README.md", {"tables": summary(), **tables_of_settings, **queries}),
    }


def filled(path: Path, parts: Mapping[str, str]) -> str:
    """Put each part between its marks, where the file has them."""
    text = path.read_text()
    for name, part in parts.items():
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = marks.sub(lambda match, part=part: f"{match[1]}\n{part}\n{match[2]}", text)  # type: ignore[misc]
    return text


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def catalog() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Give per stream its schema and its configuration in the loader's definition."""
    definition = yaml.safe_load(LOADER.read_text())
    streams = definition["plugins"]["loaders"][0]["config"]["streams"]
    return {name: (json.loads((SCHEMAS / f"{name}.json").read_text()), options) for name, options in streams.items()}


def keys() -> dict[str, str]:
    """Give per stream the columns of its key."""
    tap = TapGitHubStats(config={"auth_token": "none", "organizations": ["none"]}, validate_config=False)
    return {name: ", ".join(stream.primary_keys or ()) for name, stream in tap.streams.items()}


def summary() -> str:
    """Give one line for each table."""
    key = keys()
    return table(
        ("table", "one row per", "key", "partition (day)", "clustering"),
        (
            (
                f"`{name}`",
                schema["description"].removeprefix("One row per ").rstrip("."),
                key[name],
                options["partition_field"],
                ", ".join(options["clustering_fields"]),
            )
            for name, (schema, options) in catalog().items()
        ),
    )


def tables() -> str:
    """Give the whole of docs/tables.md."""
    key = keys()
    text = [TABLES_HEAD]
    for name, (schema, options) in catalog().items():
        required = set(schema["required"])
        text.append(
            f"\n## {name}\n\n{schema['description']}\n\n"
            f"Key: {key[name]}. Partitioned by day of {options['partition_field']}, "
            f"clustered by {', '.join(options['clustering_fields'])}.\n\n"
            + table(
                ("column", "type", "NULL", "meaning"),
                (
                    (
                        f"`{column}`",
                        bigquery_type(definition),
                        "" if column in required or definition["type"] == "array" else "NULL",
                        definition["description"],
                    )
                    for column, definition in schema["properties"].items()
                ),
            )
        )
    text.append(
        TABLES_TAIL
        + table(
            ("column", "type", "meaning"),
            ((f"`{column}`", kind, meaning) for column, (kind, meaning) in ADDED_COLUMNS.items()),
        )
    )
    return "".join(text)


def bigquery_type(definition: Mapping[str, Any]) -> str:
    """Give the BigQuery type of a column."""
    kind = definition["type"]
    if isinstance(kind, list):
        (kind,) = (it for it in kind if it != "null")
    if kind == "array":
        return f"ARRAY&lt;{bigquery_type(definition['items'])}&gt;"
    if definition.get("format") == "date-time":
        return "TIMESTAMP"
    return {"integer": "INT64", "string": "STRING", "boolean": "BOOL", "number": "FLOAT64"}[kind]


def settings(plugin: type[TapGitHubStats | TargetBigQueryMerge]) -> dict[str, dict[str, Any]]:
    """Give a plugin's own settings, without those that the SDK adds to every plugin."""
    properties: dict[str, dict[str, Any]] = plugin.config_jsonschema["properties"]
    return {name: definition for name, definition in properties.items() if not name.startswith(SDK_SETTINGS)}


def settings_table(definitions: Mapping[str, Mapping[str, Any]], prefix: str) -> str:
    """Give the table of a plugin's settings."""
    return table(
        ("setting", "variable", "default", "meaning"),
        (
            (f"`{name}`", f"`{prefix}_{name.upper()}`", default(definition), cell(definition["description"]))
            for name, definition in definitions.items()
        ),
    )


def default(definition: Mapping[str, Any]) -> str:
    """Give a setting's default as one writes it."""
    value = definition.get("default")
    if value is None:
        return ""
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def cell(text: str) -> str:
    """Give a text that can stand in a cell of a Markdown table."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()


def query(name: str) -> str:
    """Give an example query as Markdown."""
    return f"```sql\n{(ROOT / 'docs' / 'queries' / f'{name}.sql').read_text()}```\n"


if __name__ == "__main__":
    sys.exit(main())
