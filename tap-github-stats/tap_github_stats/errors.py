"""What can go wrong.

    TapError
    ├── StateError               the state given to the tap makes no sense
    ├── IncompleteRunError       the run ended, but not everything could be read
    ├── RateLimitError           waiting for quota would take longer than `max_wait`
    └── GitHubError              GitHub's answer, or the lack of one
        ├── AuthenticationError  the token is refused
        ├── AccessError          what was asked for is gone or not to be seen
        ├── TooMuchError         GitHub gave up on the size of the request: ask for less
        ├── TransientError       it kept failing, but may work later
        ├── OutageError          GitHub cannot be reached: the run ends
        └── QueryError           anything else: never passed over

No message ever holds a token: errors are made of GitHub's own words, the request's id and what was asked for.
"""

from __future__ import annotations

from typing import Final

SURPRISES: Final = (AttributeError, KeyError, TypeError, ValueError)
"""What reading an answer of an unexpected form leads to."""


class TapError(Exception):
    """The root of the tap's own errors."""


class StateError(TapError):
    """The state given to the tap makes no sense."""


class IncompleteRunError(TapError):
    """The run ended, but something named in the message could not be read; its bookmark did not move."""


class RateLimitError(TapError):
    """Waiting for quota would take longer than the setting `max_wait` allows."""


class GitHubError(TapError):
    """GitHub answered with an error, or did not answer."""


class AuthenticationError(GitHubError):
    """GitHub refused the token."""


class AccessError(GitHubError):
    """What was asked for does not exist, or the token may not see it."""


class TooMuchError(GitHubError):
    """GitHub gave up on a request because of its size: the same size must not be sent again."""


class TransientError(GitHubError):
    """Repeated attempts failed in ways that pass with time."""


class OutageError(GitHubError):
    """GitHub cannot be reached, or fails at everything: going on makes no sense."""


class QueryError(GitHubError):
    """GitHub answered in a way that the tap does not know; whatever it was about counts as not read."""
