"""The one place that talks to GitHub."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from tap_github_stats import documents, timestamps
from tap_github_stats.errors import (
    AccessError,
    AuthenticationError,
    GitHubError,
    OutageError,
    QueryError,
    TooMuchError,
    TransientError,
)
from tap_github_stats.governor import Quota

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tap_github_stats.governor import Governor

Json: TypeAlias = dict[str, Any]
T = TypeVar("T")

LOGGER: Final = logging.getLogger("tap-github-stats.client")

BACKOFF: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each further attempt at a request that failed in a way that passes."""

CONNECT_TIMEOUT: Final = 10.0
READ_TIMEOUT: Final = 60.0
"""Seconds. GitHub itself gives up on a GraphQL query after 10."""

_LOST: Final = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
_MAY_BE_HIDDEN: Final = ("requestedReviewer", "headRepository", "mergeCommit")
_GATEWAY: Final = (502, 504)
_SERVER_ERROR: Final = 500
_RATE_LIMITED: Final = ("RATE_LIMITED", "RATE_LIMIT")
"""Both spellings of an exhausted primary limit have been seen on the live API."""
_OUT_OF_RESOURCES: Final = "RESOURCE_LIMITS_EXCEEDED"
_TIMED_OUT: Final = ("something went wrong while executing your query", "timedout", "timed out", "timeout")


@dataclass(frozen=True, slots=True)
class Answer:
    """A GraphQL answer.

    Attributes:
        data: Its `data`.
        errors: Its `errors` that are neither limits nor timeouts; whoever asked has to account for each of them.
        observed: Second of the server's clock at which it was given.
        known: Latest second of the server's clock that was known before the request was sent: whatever happened up to
            then is in the answer.
        request_id: GitHub's id of the request, for its support.
    """

    data: Json
    errors: list[Json]
    observed: int
    known: int
    request_id: str


@dataclass(slots=True)
class Spent:
    """Requests sent (refused and failed ones, too) and points they cost so far."""

    requests: int = 0
    points: int = 0
    by_operation: dict[str, int] = field(default_factory=dict)


class _Token(AuthBase):
    """Sends the token, whatever a `.netrc` says; `requests` drops it on a redirect to another host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Again(Exception):  # noqa: N818 - a signal inside this module, not an error
    """The answer was a limit, which has been handed to the governor: send the request again."""


class Client:
    """Sends requests for any number of threads, with a session each.

    Faults that pass with time (lost connections, 5xx, broken JSON) are retried a bounded number of times, limits are
    waited out as often as they come.

    Args:
        api_url: Address of the REST API; that of GraphQL follows from it, on GHES (`.../api/v3`) too.
        token: Sent as bearer token; never logged.
        user_agent: Sent as such; GitHub asks for one.
        governor: Decides when a request may be sent.

    Attributes:
        server_time: Latest second that the server's clock was seen to show; None before the first answer.
        spent: What has been used up.
    """

    def __init__(self, *, api_url: str, token: str, user_agent: str, governor: Governor) -> None:
        self._api_url = api_url.rstrip("/")
        self._graphql_url = graphql_url(self._api_url)
        self._token = token
        self._user_agent = user_agent
        self._governor = governor
        self._sessions: list[requests.Session] = []
        self._local = threading.local()
        self._lock = threading.Lock()
        self.server_time: int | None = None
        self.spent = Spent()

    def close(self) -> None:
        """Closes all connections."""
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()

    def pause(self, seconds: float) -> None:
        """Waits; the end of the run ends it early."""
        self._governor.pause(seconds)

    def look_at_the_clock(self) -> int:
        """The server's clock, by a request that costs nothing; it also tells what is left of the limits.

        A GHES server without limits answers 404, with the time all the same.

        Raises:
            GitHubError: The server cannot be reached, or refuses the token.
        """

        def attempt() -> int:
            response = self._send("rate_limit", "GET", f"{self._api_url}/rate_limit")
            now = self._date(response)
            if response.status_code >= _SERVER_ERROR:
                raise TransientError(_describe(response))
            if response.status_code == requests.codes.ok:
                for resource, limits in (_json(response).get("resources") or {}).items():
                    self._governor.observe(resource, Quota(limits["limit"], limits["remaining"], limits["reset"]), now)
            elif response.status_code != requests.codes.not_found:
                raise QueryError(f"GET /rate_limit: {_describe(response)}")
            if "date" not in response.headers:
                raise QueryError(
                    "GET /rate_limit: the answer does not tell GitHub's time (no Date header), without which bookmarks "
                    "cannot be trusted. Look for a proxy that drops it."
                )
            return now

        return self._persist("rate_limit", attempt)

    def query(self, operation: str, variables: Mapping[str, Any], *, large: bool = False) -> Answer:
        """Runs one of the documents of this package (`documents.load`).

        Args:
            operation: Name of the document.
            variables: Its variables.
            large: The request can be made smaller: a sign that it was too much raises `TooMuchError` at once. Otherwise
                such signs are retried like any other fault that passes.

        Raises:
            TooMuchError: As described above.
            AuthenticationError, AccessError, TransientError, OutageError, QueryError: GitHub did not serve it.
        """
        return self._graphql(operation, documents.load(operation), variables, large=large)

    def query_pages(self, names: Sequence[str], variables: Mapping[str, Any], *, large: bool = False) -> Answer:
        """Runs several overflow documents as one request (`documents.combine`); else like `query`."""
        return self._graphql("overflow", documents.combine(tuple(names)), variables, large=large)

    def _graphql(self, operation: str, document: str, variables: Mapping[str, Any], *, large: bool) -> Answer:
        body = {"query": document, "variables": variables}

        def attempt() -> Answer:
            known = self.server_time or 0
            try:
                response = self._send(operation, "POST", self._graphql_url, body)
            except (requests.ReadTimeout, requests.exceptions.ChunkedEncodingError) as error:
                if large:
                    raise TooMuchError(
                        f"{operation}: the answer did not arrive completely ({type(error).__name__})"
                    ) from error
                raise
            return self._answer(operation, response, known, large=large)

        return self._persist(operation, attempt)

    def _persist(self, what: str, attempt: Callable[[], T]) -> T:
        tried = 0
        while True:
            try:
                return attempt()
            except _Again:
                continue
            except _LOST as error:
                fault: Exception = error
                kind: type[GitHubError] = OutageError
                reason = f"{type(error).__name__} ({self._api_url})"
            except TransientError as error:
                fault = error
                kind = TransientError
                reason = str(error)
            if tried == len(BACKOFF):
                raise kind(f"{what} failed {tried + 1} times, last with: {reason}") from fault
            LOGGER.warning("%s failed, next attempt in %.0f s: %s", what, BACKOFF[tried], reason)
            self._governor.pause(BACKOFF[tried])
            tried += 1

    def _send(self, operation: str, method: str, url: str, body: Json | None = None) -> requests.Response:
        resource = "graphql" if body is not None else "core"
        self._governor.wait(resource)
        with self._lock:
            self.spent.requests += 1
            self.spent.by_operation[operation] = self.spent.by_operation.get(operation, 0) + 1
        response = self._session().request(method, url, json=body, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT))
        now = self._date(response)
        if response.status_code < _SERVER_ERROR:  # an error may come from a proxy, with a clock of its own
            with self._lock:
                self.server_time = max(now, self.server_time or 0)
        if (quota := _quota(response)) is not None:
            self._governor.observe(response.headers.get("x-ratelimit-resource", resource), quota, now)
        self._check(resource, response, now)
        return response

    def _check(self, resource: str, response: requests.Response, now: int) -> None:
        status = response.status_code
        if status == requests.codes.unauthorized:
            raise AuthenticationError(
                f"GitHub refused the token: {_describe(response)}. Check auth_token (or GITHUB_TOKEN): it may be "
                "mistyped, expired or revoked."
            )
        if status in {requests.codes.forbidden, requests.codes.too_many}:
            quota = _quota(response)
            retry_after = _seconds(response.headers.get("retry-after"), now)
            if quota is not None and quota.limit > 0 and quota.remaining <= 0 and retry_after is None:
                self._governor.primary(resource, quota.reset, now)
                raise _Again
            if (
                retry_after is not None
                or status == requests.codes.too_many
                or "rate limit" in response.text.lower()
                or "abuse" in response.text.lower()
            ):
                self._governor.secondary(retry_after)
                raise _Again
            sso = response.headers.get("x-github-sso")
            hint = f" The organization asks for single sign-on: authorize the token ({sso})." if sso else ""
            raise AccessError(f"{_describe(response)}.{hint}")

    def _answer(self, operation: str, response: requests.Response, known: int, *, large: bool) -> Answer:
        status = response.status_code
        if status in _GATEWAY and large:
            raise TooMuchError(f"{operation}: {_describe(response)}")
        if status >= _SERVER_ERROR:
            raise TransientError(_describe(response))
        if status != requests.codes.ok:
            raise QueryError(f"{operation}: {_describe(response)}")
        if response.headers.get("x-github-sso", "").startswith("partial-results"):
            raise AccessError(
                f"{operation}: GitHub left out what the token is not authorized for by single sign-on "
                f"({response.headers['x-github-sso']}). Authorize it."
            )
        content = _json(response)
        observed = self._date(response)
        data = content.get("data") or {}
        self._account(data.get("rateLimit"), observed)
        errors = content.get("errors") or []
        for error in errors:
            self._limits(error, response, observed)
        if any(_is_too_much(error) for error in errors):
            problem = f"{operation}: {summary(errors)} (request {_request_id(response)})"
            raise TooMuchError(problem) if large else TransientError(problem)
        if not data and not errors:
            raise TransientError(f"an answer with neither data nor errors (request {_request_id(response)})")
        self._governor.accepted()
        return Answer(data, errors, observed, known, _request_id(response))

    def _account(self, budget: Json | None, now: int) -> None:
        if budget is None:
            return
        with self._lock:
            self.spent.points += budget["cost"]
        quota = Quota(budget["limit"], budget["remaining"], timestamps.parse(budget["resetAt"]))
        self._governor.observe("graphql", quota, now)

    def _limits(self, error: Json, response: requests.Response, now: int) -> None:
        if error.get("type") in _RATE_LIMITED or error.get("code") == "graphql_rate_limit":
            quota = _quota(response)
            self._governor.primary("graphql", quota.reset if quota else None, now)
            raise _Again
        if "secondary rate limit" in str(error.get("message", "")).lower():
            self._governor.secondary(_seconds(response.headers.get("retry-after"), now))
            raise _Again

    def _date(self, response: requests.Response) -> int:
        """The server's clock; GitHub always shows it. Where something in between dropped it, the last one seen."""
        text = response.headers.get("date")
        return timestamps.from_http(text) if text else self.server_time or int(time.time())

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.auth = _Token(self._token)
            session.headers["User-Agent"] = self._user_agent
            session.headers["Accept"] = "application/vnd.github+json"
            for scheme in ("https://", "http://"):
                session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1))
            self._local.session = session
            with self._lock:
                self._sessions.append(session)
        return session


def graphql_url(api_url: str) -> str:
    """Address of GraphQL beside a REST address: `/graphql`, on GHES `/api/graphql` beside `/api/v3`."""
    if api_url.endswith("/api/v3"):
        return f"{api_url.removesuffix('/v3')}/graphql"
    return f"{api_url}/graphql"


def summary(errors: Sequence[Json]) -> str:
    """The first few errors of a GraphQL answer in one line."""
    lines = [f"{error.get('type', 'error')}: {error.get('message', '')} at {error.get('path')}" for error in errors[:3]]
    more = f" and {len(errors) - len(lines)} more" if len(errors) > len(lines) else ""
    return "; ".join(lines) + more


def refuse(operation: str, answer: Answer, errors: Sequence[Json]) -> None:
    """Raises what errors that nobody can account for mean.

    Raises:
        AccessError: All of them say that something is gone or forbidden.
        QueryError: Anything else.
    """
    if not errors:
        return
    kind: type[GitHubError] = AccessError if all(is_access(error) for error in errors) else QueryError
    raise kind(f"{operation}: {summary(errors)} (request {answer.request_id})")


def is_access(error: Json) -> bool:
    """Whether an error says that something is gone, or may not be seen."""
    return error.get("type") in {"NOT_FOUND", "FORBIDDEN"}


def is_hidden(error: Json) -> bool:
    """Whether an error says that something beside the pull request may not be seen, which is null then.

    A token may lack the right to see a team, or the fork that a pull request came from.
    """
    return is_access(error) and any(part in _MAY_BE_HIDDEN for part in (error.get("path") or [])[-2:])


def _is_too_much(error: Json) -> bool:
    message = "" if is_access(error) else str(error.get("message", "")).lower()  # it repeats names
    return error.get("type") == _OUT_OF_RESOURCES or any(sign in message for sign in _TIMED_OUT)


def _quota(response: requests.Response) -> Quota | None:
    headers = response.headers
    try:
        return Quota(
            int(headers["x-ratelimit-limit"]), int(headers["x-ratelimit-remaining"]), int(headers["x-ratelimit-reset"])
        )
    except (KeyError, ValueError):
        return None


def _seconds(retry_after: str | None, now: int) -> float | None:
    if not retry_after:
        return None
    try:
        return float(retry_after)
    except ValueError:
        pass
    try:
        return max(1.0, timestamps.from_http(retry_after) - now)
    except (TypeError, ValueError):
        return None


def _json(response: requests.Response) -> Json:
    try:
        content = response.json()
    except requests.JSONDecodeError as error:
        raise TransientError(f"an answer that is no JSON: {_describe(response)}") from error
    if not isinstance(content, dict):
        raise TransientError(f"an answer that is no JSON object: {_describe(response)}")
    return content


def _describe(response: requests.Response) -> str:
    try:
        message = response.json()["message"]
    except (requests.JSONDecodeError, KeyError, TypeError):
        message = response.reason
    return f"HTTP {response.status_code} {message} (request {_request_id(response)})"


def _request_id(response: requests.Response) -> str:
    return response.headers.get("x-github-request-id", "without id")
