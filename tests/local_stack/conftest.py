"""A client of the simulated GitHub, for the tests of its servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from local_stack.simulator import small

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_stack.simulator.model import World
    from local_stack.testing import GitHubFactory


class Api:
    """Asks one simulated GitHub, with its token."""

    def __init__(self, url: str, world: World, token: str) -> None:
        self.url = url
        self.world = world
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"bearer {token}"

    def post(self, query: str, variables: dict[str, Any] | None = None, **more: Any) -> requests.Response:
        """The response to a GraphQL request."""
        body = {"query": query, "variables": variables or {}, **more}
        return self.session.post(f"{self.url}/graphql", json=body)

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of a GraphQL request that has no errors."""
        response = self.post(query, variables)
        body = response.json()
        assert response.status_code == 200
        assert "errors" not in body, body["errors"]
        return body["data"]

    def errors(self, query: str, **variables: Any) -> list[dict[str, Any]]:
        """The errors of a GraphQL request, which has status 200 nevertheless."""
        response = self.post(query, variables)
        assert response.status_code == 200
        errors: list[dict[str, Any]] = response.json()["errors"]
        return errors

    def get(self, path: str, *, headers: dict[str, str] | None = None, **query: Any) -> requests.Response:
        """The response to a REST request, redirects not followed."""
        url = path if path.startswith("http") else self.url + path
        return self.session.get(url, params=query, headers=headers, allow_redirects=False)

    def rest(self, path: str, **query: Any) -> Any:
        """The body of a REST request that succeeds."""
        response = self.get(path, **query)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture
def serve(github: GitHubFactory) -> Iterator[Callable[..., Api]]:
    """Serves a World and gives a client for it."""
    clients: list[Api] = []

    def start(world: World, **options: Any) -> Api:
        server = github(world, **options)
        clients.append(Api(server.url, world, server.token))
        return clients[-1]

    yield start
    for client in clients:
        client.session.close()


@pytest.fixture
def api(serve: Callable[..., Api]) -> Api:
    """A client of the small organization made by hand."""
    return serve(small.world())
