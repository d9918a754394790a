"""A test gets a GitHub of its own, served while it looks on."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from local_stack.simulator import small

if TYPE_CHECKING:
    from local_stack.testing import GitHubFactory, GitHubServer

QUERY = '{ viewer { login } organization(login: "%s") { repositories(first: 100) { nodes { description } } } }'


def ask(server: GitHubServer, token: str) -> dict[str, Any]:
    (organization,) = json.loads(server.env["TAP_GITHUB_STATS_ORGANIZATIONS"])
    request = urllib.request.Request(  # noqa: S310 - the local server's address
        f"{server.url}/graphql",
        json.dumps({"query": QUERY % organization}).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310 - likewise
        answer: dict[str, Any] = json.load(response)["data"]
        return answer


def test_it_serves_the_world_as_it_is_now(github: GitHubFactory) -> None:
    server = github(small.world())
    (organization,) = server.world.organizations.values()
    for repository in organization.repositories.values():
        repository.description = "changed by the test"
    nodes = ask(server, server.token)["organization"]["repositories"]["nodes"]
    assert {node["description"] for node in nodes} == {"changed by the test"}


def test_its_environment_holds_the_only_token_it_accepts(github: GitHubFactory) -> None:
    server = github(small.world(), token="secret")
    assert server.env["TAP_GITHUB_STATS_API_URL"] == server.url
    assert ask(server, server.env["TAP_GITHUB_STATS_AUTH_TOKEN"])["viewer"]
    with pytest.raises(urllib.error.HTTPError, match="401"):
        ask(server, "another")


def test_requests_are_counted_until_reset(github: GitHubFactory) -> None:
    server = github(small.world())
    ask(server, server.token)
    assert (server.requests()["requests"], server.requests()["points"]) == (1, 1)
    server.reset()
    assert server.requests()["requests"] == 0


def test_two_do_not_know_of_each_other(github: GitHubFactory) -> None:
    asked, idle = github(small.world()), github(small.world())
    ask(asked, asked.token)
    assert (asked.requests()["requests"], idle.requests()["requests"]) == (1, 0)


class TestEnd:
    url = ""

    def test_it_is_served_during_the_test(self, github: GitHubFactory) -> None:
        type(self).url = github(small.world()).url

    def test_it_is_gone_after_the_test(self) -> None:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", urlsplit(self.url).port or 0))
