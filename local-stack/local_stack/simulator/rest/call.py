"""One REST request and its result: what the handlers take and give."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from local_stack.simulator.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from local_stack.simulator import model
    from local_stack.simulator.service import Service

T = TypeVar("T")

DEFAULT_PAGE, LARGEST_PAGE = 30, 100


class RestError(Exception):
    """Ends a request with GitHub's error body.

    Attributes:
        status: The HTTP status.
        body: `message`, `documentation_url`, `status` and whatever else belongs to it.
        headers: Headers besides the common ones.
    """

    def __init__(
        self, status: int, message: str, documentation: str, *, headers: dict[str, str] | None = None, **more: str
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "message": message,
            **more,
            "documentation_url": f"https://docs.github.com/rest{documentation}",
            "status": str(status),
        }
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Result:
    """What a request is answered with: a JSON value, its status and the pages around it."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A REST request.

    Attributes:
        service: The simulated GitHub.
        base: The address of the API that was asked, without a slash at its end.
        path: The path and its parameters below `base`.
        parameters: What the route found in the path.
        query: The query parameters in the order they came in.
        documentation: The page that error bodies point to, below `https://docs.github.com/rest`.
        shown: Repositories by id as this answer shows them, as every row of a list shows its own again.
    """

    service: Service
    base: str
    path: str
    parameters: Mapping[str, Any]
    query: Mapping[str, str]
    documentation: str
    shown: dict[int, dict[str, Any]] = field(default_factory=dict)

    def repository(self) -> model.Repository:
        """The repository that the path names.

        Raises:
            RestError: There is none (404), or it has another name by now (301).
        """
        directory = self.service.directory
        if "repository_id" in self.parameters:
            found = directory.repository_by_id(self.parameters["repository_id"])
            if found is None:
                raise self.not_found()
            return found
        owner, name = self.parameters["owner"], self.parameters["repo"]
        found = directory.repository(owner, name, follow_renames=False)
        if found is not None:
            return found
        moved = directory.repository(owner, name)
        if moved is None:
            raise self.not_found()
        below = "/".join(["", *self.path.split("/")[4:]])  # behind /repos/{owner}/{repo}
        location = f"{self.base}/repositories/{moved.id}{below}" + (f"?{urlencode(self.query)}" if self.query else "")
        raise RestError(
            301,
            "Moved Permanently",
            "/guides/best-practices-for-using-the-rest-api#follow-redirects",
            headers={"Location": location},
            url=location,
        )

    def pull_request(self, repository: model.Repository) -> model.PullRequest:
        """The pull request of the path's number.

        Raises:
            RestError: There is none (404).
        """
        found = repository.pull_requests.get(self.parameters["number"])
        if found is None:
            raise self.not_found()
        return found

    def organization(self) -> model.Organization:
        """The organization that the path names.

        Raises:
            RestError: There is none (404).
        """
        if "organization_id" in self.parameters:
            wanted = self.parameters["organization_id"]
            organizations = self.service.world.organizations.values()
            found = next((it for it in organizations if it.id == wanted), None)
        else:
            found = self.service.directory.organization(self.parameters["org"])
        if found is None:
            raise self.not_found()
        return found

    def not_found(self) -> RestError:
        """The 404 of this route."""
        return RestError(404, "Not Found", self.documentation)

    def since(self) -> int | None:
        """The second that `since` names; None if it is not given.

        Raises:
            RestError: It is no timestamp (422).
        """
        text = self.query.get("since")
        if text is None:
            return None
        try:
            return parse_timestamp(text)
        except ValueError:
            raise RestError(422, f"Invalid since value {text!r}", self.documentation) from None

    def page(self, rows: Sequence[T], canonical: str) -> tuple[Sequence[T], dict[str, str]]:
        """The page of rows that was asked for, and its `Link` header.

        Args:
            rows: All rows.
            canonical: The path that links lead to: by id, as GitHub's do, so that they survive renames.
        """
        size = min(max(_number(self.query.get("per_page"), DEFAULT_PAGE), 1), LARGEST_PAGE)
        number = max(_number(self.query.get("page"), 1), 1)
        last = max(1, -(-len(rows) // size))
        links = self._links(canonical, number, last)
        return rows[(number - 1) * size : number * size], ({"Link": ", ".join(links)} if links else {})

    def _links(self, canonical: str, number: int, last: int) -> Iterable[str]:
        pages = []
        if number > 1:
            pages.append(("prev", min(number - 1, last)))
        if number < last:
            pages += [("next", number + 1), ("last", last)]
        if number > 1:
            pages.append(("first", 1))
        links = []
        for relation, page in pages:
            query = urlencode({**self.query, "page": page})
            links.append(f'<{self.base}{canonical}?{query}>; rel="{relation}"')
        return links


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() else default
