"""One command brings the stack up, one brings it down; what was in it is there again, and nobody else can reach it."""

from __future__ import annotations

import http.client
import json
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from local_stack.comparison import KEYS
from local_stack.github import make
from local_stack.simulator import truth
from local_stack.stack import Stack
from local_stack.testing import Servers, Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator

# One worker of pytest-xdist runs all of it, so that one stack is enough.
pytestmark = pytest.mark.xdist_group("stack")

ORGANIZATION = (
    "--organization",
    "acme",
    "--repositories",
    3,
    "--pull-requests",
    12,
    "--seed",
    7,
    "--now",
    "2026-11-01T00:00:00Z",
)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "local_stack", *map(str, arguments)]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, check=False)


def output(*arguments: object) -> str:
    result = run(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def lines(*arguments: object) -> list[dict[str, object]]:
    # Bodies may hold what `splitlines` takes for the end of a line.
    return [json.loads(line) for line in output(*arguments).split("\n")[:-1]]


def everything(stack: Stack) -> dict[str, list[dict[str, object]]]:
    return {stream: lines("truth", stream, "--data", stack.folder.path) for stream in KEYS}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that is up; who takes something of it down brings it up again."""
    stack = Stack(tmp_path_factory.mktemp("stack") / "it's mine")
    output("up", "--detach", "--data", stack.folder.path, *ORGANIZATION)
    yield stack
    stack.down(purge=True)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder; nothing of it runs on when the test has failed."""
    yield tmp_path / "data"
    Stack(tmp_path / "data").down()


@pytest.fixture
def pids(stack: Stack) -> list[int]:
    return [server.pid for server in stack.servers]


def test_up_returns_when_all_three_answer_and_says_where(stack: Stack) -> None:
    for server in stack.servers:
        socket.create_connection(("127.0.0.1", server.port or 0)).close()
    assert output("up", "--detach", "--data", stack.folder.path).splitlines() == [
        f"up already, data in {stack.folder.path}",
        f"  github    {stack.github.url}  acme",
        f"  bigquery  {stack.bigquery.url}",
        f"  storage   {stack.storage.url}",
    ]


def test_a_second_up_changes_nothing(stack: Stack, pids: list[int]) -> None:
    output("up", "--detach", "--data", stack.folder.path, *ORGANIZATION)
    assert [server.pid for server in stack.servers] == pids


@pytest.mark.parametrize(
    ("option", "value", "kept", "wanted"),
    [
        ("--seed", 8, "with --seed 7", "with --seed 8"),
        ("--organization", "other", "with --organization acme", "with --organization other"),
        ("--recordings", "/", "without --recordings", "with --recordings /"),
        ("--now", "2026-01-02T03:04:05Z", "with --now 2026-11-01T00:00:00Z", "with --now 2026-01-02T03:04:05Z"),
    ],
)
def test_up_with_another_organization_is_refused(
    stack: Stack, option: str, value: object, kept: str, wanted: str
) -> None:
    result = run("up", "--detach", "--data", stack.folder.path, option, value)
    assert result.returncode == 1
    assert f"was made {kept}, not {wanted}. Leave the option out" in result.stderr


@pytest.mark.parametrize("shell", ["bash", "sh"])
@pytest.mark.parametrize("way", ["export $({env})", 'eval "$({env} --export)"'])
def test_env_fills_any_shell(stack: Stack, shell: str, way: str) -> None:
    env = shlex.join(command("env", "--data", stack.folder.path))
    show = shlex.join([sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"])
    result = subprocess.run(
        [shell, "-c", f"{way.format(env=env)} && {show}"], capture_output=True, text=True, check=True
    )
    environment = json.loads(result.stdout)
    assert {name: environment[name] for name in stack.env()} == stack.env()


def test_env_names_what_tap_and_target_need(stack: Stack) -> None:
    assert stack.env() == {
        "TAP_GITHUB_STATS_API_URL": stack.github.url,
        "TAP_GITHUB_STATS_AUTH_TOKEN": stack.folder.recipe().token,
        "TAP_GITHUB_STATS_ORGANIZATIONS": '["acme"]',
        "BIGQUERY_EMULATOR_HOST": stack.bigquery.url,
        "STORAGE_EMULATOR_HOST": stack.storage.url,
        "TARGET_BIGQUERY_MERGE_PROJECT": "local",
        "TARGET_BIGQUERY_MERGE_DATASET": "github_stats",
        "TARGET_BIGQUERY_MERGE_BUCKET": "github-stats",
    }


def test_truth_is_that_of_the_organization_asked_for(stack: Stack) -> None:
    world = make(stack.folder.recipe())
    assert everything(stack) == {stream: list(truth.rows(world, stream)) for stream in KEYS}


def test_truth_since_has_only_what_was_updated_since(stack: Stack) -> None:
    updated = sorted(str(row["updated_at"]) for row in lines("truth", "pull_requests", "--data", stack.folder.path))
    since = updated[len(updated) // 2]
    rows = lines("truth", "pull_requests", "--since", since, "--data", stack.folder.path)
    assert sorted(str(row["updated_at"]) for row in rows) == [moment for moment in updated if moment >= since]


@pytest.mark.parametrize("arguments", [("truth", "x/../y?"), ("evolve", "--days=1", "--seed=1", "--events=none_such")])
def test_what_github_refuses_is_said_in_one_line(stack: Stack, arguments: tuple[str, ...]) -> None:
    result = run(*arguments, "--data", stack.folder.path)
    assert result.returncode == 1
    assert result.stderr.startswith("local-stack: ")
    assert len(result.stderr.splitlines()) == 1


def test_requests_are_counted_until_reset(stack: Stack) -> None:
    output("requests", "--reset", "--data", stack.folder.path)
    assert ask_graphql(stack, stack.folder.recipe().token).status == 200
    counts = json.loads(output("requests", "--json", "--data", stack.folder.path))
    assert (counts["requests"], counts["graphql"], counts["rest"]) == (1, 1, 0)
    assert "       1  graphql\n" in output("requests", "--reset", "--data", stack.folder.path)
    assert json.loads(output("requests", "--json", "--data", stack.folder.path))["requests"] == 0


def ask_graphql(stack: Stack, token: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", stack.github.port)
    body = json.dumps({"query": "{ viewer { login } }"})
    connection.request("POST", "/graphql", body, {"Authorization": f"Bearer {token}"})
    response = connection.getresponse()
    connection.close()
    return response


def test_only_the_stacks_own_token_is_accepted(stack: Stack) -> None:
    assert ask_graphql(stack, "another").status == 401


def test_the_token_is_readable_only_by_the_owner(stack: Stack) -> None:
    token = stack.folder.recipe().token
    holders = {path for path in stack.folder.path.rglob("*") if path.is_file() and token.encode() in path.read_bytes()}
    assert {path.name for path in holders} == {"stack.json"}
    for path in (stack.folder.path, *holders):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_listens_on_other_than_loopback(pids: list[int]) -> None:
    addresses = [address for pid in pids for address in listening(pid)]
    assert len(addresses) >= len(pids)
    assert set(addresses) <= {"0100007F", "0000000000000000FFFF00000100007F"}


def listening(pid: int) -> list[str]:
    """The addresses, as the kernel spells them, on which a process listens."""
    sockets = {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return [row[1].split(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]


@pytest.mark.parametrize("name", ["github", "bigquery", "storage"])
def test_a_killed_server_is_noticed_and_only_that_one_is_started_again(stack: Stack, name: str) -> None:
    killed = getattr(stack, name)
    kept = {server.name: server.pid for server in stack.servers if server is not killed}
    before = everything(stack)
    killed.kill()
    result = run("env", "--data", stack.folder.path)
    assert result.returncode == 3
    assert result.stderr == f"local-stack: {name} has ended (see {killed.log}); `local-stack up` starts it again\n"
    assert output("up", "--detach", "--data", stack.folder.path).startswith("started")
    assert {server.name: server.pid for server in stack.servers if server.name in kept} == kept
    assert everything(stack) == before


def test_bigquery_finds_storage_that_had_to_move(stack: Stack) -> None:
    former = stack.bigquery.pid
    stack.storage.kill()
    with socket.create_server(("127.0.0.1", stack.storage.port or 0)) as stranger:
        output("up", "--detach", "--data", stack.folder.path)
        assert stack.storage.port != stranger.getsockname()[1]
    assert stack.bigquery.pid != former


def test_the_same_organization_tables_and_objects_are_there_after_down_and_up(stack: Stack) -> None:
    warehouse = Warehouse(Servers(stack.bigquery, stack.storage), dataset="kept", bucket="kept")
    warehouse.bigquery.create_dataset("kept")
    warehouse.query("CREATE TABLE kept.t AS SELECT 1 AS id, ['b', 'a'] AS tags")
    warehouse.storage.create_bucket("kept").blob("a/b.json").upload_from_string("{}")
    changes = lines("evolve", "--days", 2.5, "--seed", 1, "--data", stack.folder.path)
    more = lines("evolve", "--days", 1, "--seed", 2, "--events", "updated_at", "--data", stack.folder.path)
    assert all(change["event"] for change in [*changes, *more])
    before, env, clock = everything(stack), stack.env(), clock_offset(stack)

    assert output("down", "--data", stack.folder.path) == "stopped\n"
    for server in stack.servers:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port or 0))
    assert run("env", "--data", stack.folder.path).returncode == 3
    assert output("down", "--data", stack.folder.path) == "nothing was running\n"
    output("up", "--detach", "--data", stack.folder.path)

    assert everything(stack) == before
    assert stack.env() == env
    assert abs(clock_offset(stack) - clock) < 2  # each is read with a second's precision
    assert warehouse.rows("t") == [{"id": 1, "tags": ["b", "a"]}]
    assert [blob.name for blob in warehouse.storage.list_blobs("kept")] == ["a/b.json"]
    warehouse.close()


def clock_offset(stack: Stack) -> float:
    """How far GitHub's clock is ahead of the machine's."""
    date = ask_graphql(stack, stack.folder.recipe().token).headers["Date"]
    return parsedate_to_datetime(date).timestamp() - time.time()


def test_two_commands_at_once_make_one_stack(data: Path) -> None:
    ups = [
        subprocess.Popen(command("up", "--detach", "--data", data, *ORGANIZATION), stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    firsts = sorted(up.communicate()[0].splitlines()[0] for up in ups)
    assert [up.returncode for up in ups] == [0, 0]
    assert firsts == [f"started, data in {data}", f"up already, data in {data}"]
    assert output("down", "--purge", "--data", data) == f"stopped\ndeleted {data}\n"
    assert not data.exists()


@pytest.mark.parametrize(("end", "exit_code"), [("ctrl-c", 0), ("terminate", 0), ("down", 0), ("a server dies", 1)])
def test_in_the_foreground_the_stack_ends_with_the_command(data: Path, end: str, exit_code: int) -> None:
    stack = Stack(data)
    with subprocess.Popen(
        command("up", "--data", stack.folder.path, *ORGANIZATION),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as up:
        assert up.stdout is not None
        while up.stdout.readline() != "Ctrl-C stops it\n":
            assert up.poll() is None
        if end == "down":
            output("down", "--data", stack.folder.path)
        elif end == "a server dies":
            stack.storage.kill()
        else:
            up.send_signal(signal.SIGINT if end == "ctrl-c" else signal.SIGTERM)
        _, errors = up.communicate()
    assert up.returncode == exit_code
    assert errors == ("" if exit_code == 0 else f"local-stack: storage has ended; see {stack.storage.log}\n")
    assert not any(server.is_running for server in stack.servers)


def test_an_organization_that_cannot_be_made_leaves_room_for_another(data: Path) -> None:
    result = run("up", "--detach", "--data", data, "--recordings", data.parent)
    assert result.returncode == 1
    assert "github ended with exit code 1; the end of its log" in result.stderr
    output("up", "--detach", "--data", data, *ORGANIZATION)
    output("down", "--purge", "--data", data)
