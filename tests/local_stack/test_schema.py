"""GitHub's schemas are fetched once, whole, and asked for by name where they are missing."""

from __future__ import annotations

import io
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest
from local_stack.simulator import schema
from local_stack.simulator.schema import CACHE_VARIABLE, GRAPHQL, OPENAPI, SchemaFetchError, SchemaMissingError, Source

if TYPE_CHECKING:
    from pathlib import Path

NPM = """#!{python}
import pathlib, shutil, sys
arguments = sys.argv[1:]
with open({log!r}, "a") as log:
    print(*arguments, file=log)
if {fails}:
    sys.exit("no such package")
shutil.copy({tarball!r}, pathlib.Path(arguments[arguments.index("--pack-destination") + 1]) / "some.tgz")
"""


class Npm:
    """A stand-in for npm that hands out one tarball and remembers how it was called."""

    def __init__(self, folder: Path, members: dict[str, bytes], *, fails: bool = False) -> None:
        folder.mkdir()
        self.log = folder / "calls"
        self.log.touch()
        tarball = folder / "package.tgz"
        with tarfile.open(tarball, "w:gz") as archive:
            for name, content in members.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        script = folder / "npm"
        script.write_text(NPM.format(python=sys.executable, log=str(self.log), tarball=str(tarball), fails=fails))
        script.chmod(0o755)
        self.path = str(folder)

    def calls(self) -> list[str]:
        """The arguments of each call."""
        return self.log.read_text().splitlines()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    folder = tmp_path / "cache"
    monkeypatch.setenv(CACHE_VARIABLE, str(folder))
    return folder


@pytest.mark.parametrize(("source", "option"), [(GRAPHQL, ""), (OPENAPI, " --openapi")])
def test_a_missing_schema_says_what_to_run(cache: Path, source: Source, option: str) -> None:
    with pytest.raises(SchemaMissingError) as missing:
        schema.path_of(source)
    assert f"`python -m local_stack.simulator.schema{option}`" in str(missing.value)
    assert str(cache / source.file_name) in str(missing.value)


def test_only_the_one_file_is_taken_and_only_once(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    npm = Npm(tmp_path / "bin", {"package/other": b"x", GRAPHQL.member: b"schema", "package/more": b"y"})
    monkeypatch.setenv("PATH", npm.path)
    for _ in range(2):
        assert schema.main([]) == 0
        assert capsys.readouterr().out == f"{cache / 'schema.graphql'}\n"
    assert [it.name for it in cache.iterdir()] == ["schema.graphql"]
    assert schema.path_of(GRAPHQL).read_bytes() == b"schema"
    assert len(npm.calls()) == 1
    assert npm.calls()[0].endswith(GRAPHQL.package)


def test_both_files_are_fetched_where_the_tests_need_them(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm = Npm(tmp_path / "bin", {GRAPHQL.member: b"schema", OPENAPI.member: b"{}"})
    monkeypatch.setenv("PATH", npm.path)
    assert schema.main(["--openapi"]) == 0
    assert sorted(it.name for it in cache.iterdir()) == ["api.github.com.json", "schema.graphql"]


def test_a_package_without_the_file_leaves_nothing_behind(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", Npm(tmp_path / "bin", {"package/other": b"x"}).path)
    assert schema.main([]) == 1
    assert f"{GRAPHQL.package} has no {GRAPHQL.member}" in capsys.readouterr().err
    assert list(cache.iterdir()) == []


def test_what_npm_complains_of_is_passed_on(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", Npm(tmp_path / "bin", {}, fails=True).path)
    assert schema.main([]) == 1
    assert "no such package" in capsys.readouterr().err
    assert list(cache.iterdir()) == []


@pytest.mark.usefixtures("cache")
def test_a_missing_npm_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(SchemaFetchError, match=r"Install Node\.js"):
        schema.fetch(GRAPHQL)
