"""What the documentation says is so, and what there is, is documented."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from local_stack.cli import main as local_stack
from tap_github_stats.tap import TapGitHubStats
from target_bigquery_merge.target import TargetBigQueryMerge

from scripts import reference

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PLUGINS: dict[str, tuple[type[TapGitHubStats | TargetBigQueryMerge], str]] = {
    "extractors/tap-github-stats": (TapGitHubStats, "tap settings"),
    "loaders/target-bigquery-merge": (TargetBigQueryMerge, "target settings"),
}
COMMANDS = {"make", "meltano", "local-stack", "tap-github-stats", "target-bigquery-merge", "eval", "head"}


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def shell_lines(page: Path) -> list[str]:
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", page.read_text(), re.DOTALL | re.MULTILINE)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def part(page: Path, name: str) -> str:
    found = re.search(rf"<!-- {name} -->(.*?)<!-- /{name} -->", page.read_text(), re.DOTALL)
    assert found, f"{page.name} has no part {name!r}"
    return found[1]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_reference_is_what_the_code_says() -> None:
    behind = [path.name for path, text in reference.documents().items() if path.read_text() != text]
    assert behind == [], "run `make docs`"


@pytest.mark.parametrize("page", ["README.md", "docs/settings.md"])
@pytest.mark.parametrize("plugin", PLUGINS)
def test_every_setting_is_documented(plugin: str, page: str) -> None:
    plugin_class, name = PLUGINS[plugin]
    documented = set(re.findall(r"^\| `(\w+)` \|", part(ROOT / page, name), re.MULTILINE))
    assert documented == reference.settings(plugin_class).keys()


@pytest.mark.parametrize("plugin", PLUGINS)
def test_meltano_knows_every_setting(plugin: str) -> None:
    definition = yaml.safe_load((ROOT / "plugins" / f"{plugin}.meltano.yml").read_text())
    ((plugin_definition,),) = definition["plugins"].values()
    settings = {setting["name"]: setting for setting in plugin_definition["settings"]}
    schema = reference.settings(PLUGINS[plugin][0])
    assert settings.keys() == schema.keys()
    secret = {name for name, definition in schema.items() if definition.get("secret")}
    assert {name for name, setting in settings.items() if setting.get("sensitive")} == secret
    for name, setting in settings.items():
        kind = next(it for it in [*schema[name]["type"]] if it != "null")
        expected = {"boolean", "integer", "array", "object"} & {kind}
        assert {setting.get("kind", "string")} & {"boolean", "integer", "array", "object"} == expected, name
        assert setting["description"]
        assert "value" not in setting, f"{name}: a default of Meltano is erased by a variable that is not set"


def test_every_table_and_column_is_documented() -> None:
    text = (ROOT / "docs" / "tables.md").read_text()
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    for stream, (schema, _) in reference.catalog().items():
        assert set(re.findall(r"^\| `(\w+)` \|", sections[stream], re.MULTILINE)) == schema["properties"].keys()
    tap = TapGitHubStats(config={"auth_token": "none", "organizations": ["none"]}, validate_config=False)
    assert set(reference.catalog()) == set(tap.streams)


def test_every_variable_of_the_environment_file_is_documented() -> None:
    variables = re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    text = "\n".join(page.read_text() for page in PAGES)
    assert [variable for variable in variables if f"`{variable}`" not in text and f"{variable}=" not in text] == []


def test_every_command_of_the_local_stack_is_documented() -> None:
    documented = set(
        re.findall(r"^\| `local-stack (\w+)", (ROOT / "docs" / "local-stack.md").read_text(), re.MULTILINE)
    )
    assert documented == set(local_stack.commands)


def test_every_make_target_that_the_documentation_names_exists() -> None:
    text = "\n".join(page.read_text() for page in PAGES)
    named = set(re.findall(r"(?:`|^|KEEP=1 )make ([a-z-]+)", text, re.MULTILINE))
    assert named <= make_targets()
    assert {"demo", "test", "setup", "clean", "help"} <= named


def test_every_dependency_has_a_reason() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text()
    requirements: list[str] = []
    for file in [ROOT / "pyproject.toml", *ROOT.glob("*/pyproject.toml")]:
        definition = tomllib.loads(file.read_text())
        requirements += definition["project"]["dependencies"]
        requirements += [
            it for group in definition.get("dependency-groups", {}).values() for it in group if isinstance(it, str)
        ]
    names = {re.split(r"[\[<>=~; ]", requirement)[0] for requirement in requirements}
    names -= {"tap-github-stats", "target-bigquery-merge", "local-stack"}
    extensions = {name for name in names if name.startswith("duckdb-extension-")}
    assert [name for name in names - extensions if name not in text] == []
    assert all(f"-{name.rpartition('-')[2]}" in text for name in extensions)


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if not target.startswith("https://"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_commands_of_the_documentation_are_ours() -> None:
    for page in PAGES:
        for line in shell_lines(page):
            if "=" in line.split()[0]:
                continue
            for command in line.split(" | "):
                assert Path(shlex.split(command)[0]).name in COMMANDS, f"{page.name}: {line}"


def test_no_committed_file_names_a_machine_or_a_registry() -> None:
    hosts = "|".join(
        ["py" + r"pi\.org", r"registry\.npm" + "js", r"files\.python" + "hosted", "/work/" + "shared", "/root" + "/"]
    )
    found = [
        path.relative_to(ROOT)
        for path in tracked_files()
        if path.suffix not in {".gz", ".png"} and re.search(hosts, path.read_text(errors="replace"))
    ]
    assert found == []
