"""The tap's state: bookmarks by stream and organization, in Singer's `{"bookmarks": {stream: ...}}`.

    {"bookmarks": {"pull_requests": {"organizations": {"acme": {"watermark": "2026-11-24T03:13:49Z", ...}}},
                   "commits": {"organizations": {"acme": {"like": "pull_requests"}}}, ...}}

A stream that stands exactly where an earlier one does (in the order of `STREAMS`) says so with `like`. A stream
selected later has no bookmark of its own yet and is read from the start. Organizations and streams that take no part
in a run keep their bookmarks unchanged. Organizations are keyed by their login in lower case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tap_github_stats.bookmarks import Bookmarks, Json
from tap_github_stats.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Mapping

STREAMS: Final = (
    "repositories",
    "pull_requests",
    "commits",
    "pull_request_commits",
    "reviews",
    "review_comments",
    "issue_comments",
)
"""All streams, in the order in which a pull request's rows are written: the parent before its children."""

ByStream: TypeAlias = dict[str, Bookmarks]
"""Bookmarks of one organization. Streams that stand at the same point share one object."""

Books: TypeAlias = dict[str, ByStream]
"""Bookmarks by organization, in lower case."""


def from_json(state: Mapping[str, Any]) -> Books:
    """Reads a state.

    Raises:
        StateError: It cannot be understood.
    """
    books: Books = {}
    bookmarks = state.get("bookmarks") or {}
    for stream in STREAMS:
        organizations = (bookmarks.get(stream) or {}).get("organizations") or {}
        for login, form in organizations.items():
            of_organization = books.setdefault(login.lower(), {})
            of_organization[stream] = _resolve(form, of_organization, stream, login)
    return books


def _resolve(form: Json, earlier: Mapping[str, Bookmarks], stream: str, login: str) -> Bookmarks:
    if not isinstance(form, dict):
        raise StateError(f"state of stream {stream}, organization {login}: expected an object")
    if "like" not in form:
        return Bookmarks.from_json(form)
    if form["like"] not in earlier:
        raise StateError(
            f"state of stream {stream}, organization {login}: it is said to be like {form['like']!r}, which has no "
            f"bookmark there. Give that stream a bookmark, or clear the state of {stream} to read it from the start."
        )
    return earlier[form["like"]]


def to_json(books: Books) -> Json:
    """Spells a state; `from_json` of it gives the same positions."""
    bookmarks: Json = {}
    for login in sorted(books):
        written: dict[str, tuple[Bookmarks, Json]] = {}
        for stream in STREAMS:
            if stream not in books[login]:
                continue
            mine = books[login][stream]
            twin = next((other for other, (same, _) in written.items() if same is mine), None)
            form = written[twin][1] if twin else mine.to_json()
            twin = twin or next((other for other, (_, equal) in written.items() if equal == form), None)
            if stream != "repositories":  # its `read` speaks of something else, so no other stream is ever like it
                written[stream] = (mine, form)
            bookmarks.setdefault(stream, {"organizations": {}})["organizations"][login] = (
                {"like": twin} if twin else form
            )
    return {"bookmarks": {stream: bookmarks[stream] for stream in STREAMS if stream in bookmarks}}
