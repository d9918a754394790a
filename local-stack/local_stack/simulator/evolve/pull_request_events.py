"""What happens to a pull request itself: it is opened, edited, labelled, pushed to, closed, merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from local_stack.simulator.evolve.registry import event
from local_stack.simulator.evolve.stage import Change
from local_stack.simulator.pull_requests import LABELS, Counts

if TYPE_CHECKING:
    from local_stack.simulator.evolve.stage import Stage
    from local_stack.simulator.model import Commit, PullRequest, Repository

_DAY: Final = 86_400


@event("updated_at", weight=4)
def pull_request_opened(stage: Stage, at: int) -> Change | None:
    """Someone opens a pull request, now and then in a repository that was empty."""
    repository = stage.repository()
    if repository is None:
        return None
    pair = None if stage.random.random() < 0.3 else stage.pull_request()  # noqa: PLR2004
    if pair is not None:
        # Where much happened, more happens.
        repository = pair[0]
    counts = stage.maker.counts()
    opened = stage.open_pull_request(repository, at, Counts(counts.commits, shared_commits=counts.shared_commits))
    return Change("pull_request_opened", at, repository.full_name, opened.number)


@event("updated_at")
def title_edited(stage: Stage, at: int) -> Change | None:
    """The title changes."""
    pair = stage.pull_request()
    if pair is None:
        return None
    pair[1].title = stage.texts.line()
    return stage.moved("title_edited", at, pair)


@event("updated_at")
def body_edited(stage: Stage, at: int) -> Change | None:
    """The description changes, perhaps to nothing."""
    pair = stage.pull_request()
    if pair is None:
        return None
    pair[1].body = stage.texts.body() if stage.random.random() < 0.9 else ""  # noqa: PLR2004
    return stage.moved("body_edited", at, pair)


@event("updated_at", weight=2)
def labels_changed(stage: Stage, at: int) -> Change | None:
    """A label goes, or comes to stand anywhere among the others."""
    pair = stage.pull_request()
    if pair is None:
        return None
    labels = pair[1].labels
    sizes = ("size/XS", "size/S", "size/M", "size/L", "size/XL")
    new = [label for label in (*LABELS, *sizes) if label not in labels]
    if labels and (not new or stage.random.random() < 0.4):  # noqa: PLR2004
        labels.pop(stage.random.randrange(len(labels)))
    else:
        labels.insert(stage.random.randint(0, len(labels)), stage.random.choice(new))
    return stage.moved("labels_changed", at, pair)


@event("updated_at")
def base_changed(stage: Stage, at: int) -> Change | None:
    """An open pull request goes to another branch."""
    pair = stage.pull_request(lambda it: it.is_open)
    if pair is None:
        return None
    pair[1].base_ref = f"release/{stage.random.randint(2, 9)}.x"
    pair[1].base_sha = stage.writer.sha()
    return stage.moved("base_changed", at, pair)


@event("updated_at")
def closed(stage: Stage, at: int) -> Change | None:
    """An open pull request is closed without being merged."""
    pair = stage.pull_request(lambda it: it.is_open)
    if pair is None:
        return None
    pair[1].closed_at = at
    return stage.moved("closed", at, pair)


@event("updated_at")
def reopened(stage: Stage, at: int) -> Change | None:
    """A pull request that was closed without being merged is open again."""
    pair = stage.pull_request(lambda it: not it.is_open and it.merged_at is None)
    if pair is None:
        return None
    pair[1].closed_at = None
    return stage.moved("reopened", at, pair)


@event("updated_at", weight=3)
def merged(stage: Stage, at: int) -> Change | None:
    """An open pull request is merged, which is a push to its repository."""
    pair = stage.pull_request(lambda it: it.is_open and not it.is_draft)
    if pair is None:
        return None
    repository, pull_request = pair
    pull_request.closed_at = pull_request.merged_at = at
    pull_request.merged_by = stage.cast.anyone()
    pull_request.merge_commit_sha = stage.writer.sha()
    repository.pushed_at = at
    return stage.moved("merged", at, pair)


@event("updated_at")
def ready_for_review(stage: Stage, at: int) -> Change | None:
    """A draft is marked as ready."""
    pair = stage.pull_request(lambda it: it.is_open and it.is_draft)
    if pair is None:
        return None
    pair[1].is_draft = False
    pair[1].ready_for_review_at = at
    return stage.moved("ready_for_review", at, pair)


@event("updated_at")
def converted_to_draft(stage: Stage, at: int) -> Change | None:
    """An open pull request becomes a draft; when it was last ready stays known."""
    pair = stage.pull_request(lambda it: it.is_open and not it.is_draft)
    if pair is None:
        return None
    pair[1].is_draft = True
    return stage.moved("converted_to_draft", at, pair)


@event("updated_at", weight=4)
def commits_pushed(stage: Stage, at: int) -> Change | None:
    """New commits come on top, written since yesterday."""
    pair = stage.pull_request(lambda it: it.is_open)
    if pair is None:
        return None
    first = max(at - _DAY, 0)
    _push(stage, pair, at, sorted(stage.random.randint(first, at) for _ in range(1 + stage.random.getrandbits(1))))
    return stage.moved("commits_pushed", at, pair)


@event("updated_at", weight=2)
def old_commits_pushed(stage: Stage, at: int) -> Change | None:
    """Commits come on top that were written 30 days to a year before."""
    pair = stage.pull_request(lambda it: it.is_open)
    if pair is None:
        return None
    dates = sorted(at - stage.random.randint(30 * _DAY, 365 * _DAY) for _ in range(1 + stage.random.getrandbits(2)))
    _push(stage, pair, at, dates)
    return stage.moved("old_commits_pushed", at, pair)


@event("force_pushes")
def force_pushed(stage: Stage, at: int) -> Change | None:
    """The newest commits, or all of them, give way to others."""
    pair = stage.pull_request(lambda it: it.is_open and it.commits)
    if pair is None:
        return None
    pull_request = pair[1]
    kept = stage.random.randrange(len(pull_request.commits))
    pull_request.former_commits += pull_request.commits[kept:]
    del pull_request.commits[kept:]
    _push(stage, pair, at, [at - stage.random.randrange(_DAY) for _ in range(1 + stage.random.getrandbits(1))])
    return stage.moved("force_pushed", at, pair)


def _push(stage: Stage, pair: tuple[Repository, PullRequest], at: int, dates: list[int]) -> None:
    repository, pull_request = pair
    pushed: list[Commit] = [stage.writer.commit(pull_request.author, date) for date in dates]
    pull_request.commits += pushed
    pull_request.head_sha = pushed[-1].sha
    pull_request.additions += stage.random.randrange(50)
    pull_request.deletions += stage.random.randrange(20)
    pull_request.changed_files = max(pull_request.changed_files, 1)
    for comment in pull_request.review_comments:
        # GitHub moves comments on to the new head, or calls them outdated.
        if comment.position is not None and stage.random.random() < 0.3:  # noqa: PLR2004
            comment.position = comment.line = comment.start_line = None
        elif comment.position is not None:
            comment.commit_sha = pull_request.head_sha
    stage.pushed(repository, pull_request, at)
