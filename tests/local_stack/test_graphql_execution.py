"""The simulator's own execution gives exactly what graphql-core's gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from graphql import ExecutionContext, parse
from local_stack.simulator import ids, small
from local_stack.simulator.cost import Cost
from local_stack.simulator.directory import Directory
from local_stack.simulator.generator import generate
from local_stack.simulator.graphql.execution import execute, shape
from local_stack.simulator.graphql.resolving import Context
from local_stack.simulator.limits import RateLimit

if TYPE_CHECKING:
    from local_stack.simulator.model import World

EVERYTHING = """
query ($ids: [ID!]!, $some: Boolean = true) {
  nodes(ids: $ids) { __typename id ... on PullRequest {
    number title url createdAt closedAt merged state databaseId
    author { __typename login ... on User { name } } mergedBy { login } mergeCommit { oid }
    headRepository { nameWithOwner } repository { name owner { login } }
    labels(first: 20) { nodes { name } pageInfo { endCursor } }
    reviewRequests(first: 20) { nodes { requestedReviewer { __typename ... on Team { slug } ... on Bot { login } } } }
    timelineItems(last: 10) { nodes { __typename ... on MergedEvent { createdAt } ... on IssueComment { body } } }
    commits(first: 20) { totalCount nodes { commit { oid message author { name date user { login } } } } }
    reviews(first: 10) @include(if: $some) { edges { cursor node {
      state submittedAt commit { oid } comments(first: 10) { nodes { body position replyTo { id } } }
    } } }
    reviewThreads(first: 10) { nodes { isResolved comments(first: 10) { nodes { fullDatabaseId } } } }
    comments(last: 20) { nodes { ...Comment } }
  } }
}
fragment Comment on IssueComment { body author { ...Who } }
fragment Who on Actor { login }
"""

FAILING = [
    # databaseId does not fit into 32 bits: the nullable field is null with an error.
    '{ repository(owner: "Octo-Org", name: "widgets") { pullRequest(number: 1) { number databaseId } } }',
    # A field that the simulator does not know: null, or, where it may not be null, nothing up to the next nullable.
    "{ viewer { bio } }",
    '{ repository(owner: "Octo-Org", name: "widgets") { name pullRequest(number: 1) { number canBeRebased } } }',
    """{ organization(login: "Octo-Org") { repositories(first: 9) { nodes { name hasWikiEnabled } } } }""",
    '{ a: node(id: "x") { id } b: node(id: "y") { id } viewer { login } }',
    '{ repository(owner: "Octo-Org", name: "widgets") { pullRequests(first: 1, after: "x") { nodes { id } } } }',
    '{ __schema { queryType { name } } __type(name: "Bot") { interfaces { name } } __typename }',
]


def both(world: World, text: str, variables: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """The results of both executions with all their errors."""
    context = Context(Directory(world), Cost(), RateLimit("graphql", world.clock))
    results = [
        execute(parse(text), context, variables),
        execute(parse(text), context, variables, execution=ExecutionContext),
    ]
    return [{"data": it.data, "errors": [shape(error) for error in it.errors or []]} for it in results]


@pytest.mark.parametrize("seed", range(3))
def test_generated_organizations_are_shown_alike(seed: int) -> None:
    world = generate(organization="acme", repositories=4, pull_requests=80, seed=seed, now=1_767_225_600)
    node_ids = [
        ids.pull_request(repository.id, it.id)
        for repository in world.organizations["acme"].repositories.values()
        for it in repository.pull_requests.values()
    ]
    ours, theirs = both(world, EVERYTHING, {"ids": [*node_ids, "nonsense", ids.repository(1)]})
    assert ours == theirs
    assert len(ours["data"]["nodes"]) == len(node_ids) + 2
    assert {error["type"] for error in ours["errors"] if "type" in error} == {"NOT_FOUND"}


@pytest.mark.parametrize("text", FAILING)
def test_errors_are_alike(text: str) -> None:
    ours, theirs = both(small.world(), text)
    assert ours == theirs
