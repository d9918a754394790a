"""What all resolver tables share: their types, the context of a request, and connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from graphql import GraphQLObjectType, GraphQLResolveInfo

from local_stack.simulator.cost import TypedError
from local_stack.simulator.pagination import InvalidCursorError, Page, Window

if TYPE_CHECKING:
    from graphql import GraphQLSchema

    from local_stack.simulator.cost import Cost
    from local_stack.simulator.directory import Directory
    from local_stack.simulator.limits import RateLimit
    from local_stack.simulator.model import World

Resolver: TypeAlias = Callable[..., Any]
Table: TypeAlias = Mapping[str, Mapping[str, Resolver]]
"""Resolvers by GraphQL type and field."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Context:
    """What a request is answered from.

    Attributes:
        directory: Finds things in the World.
        cost: What the query was priced at.
        budget: The hour's points, after the query was paid for.
    """

    directory: Directory
    cost: Cost
    budget: RateLimit

    @property
    def world(self) -> World:
        """The World."""
        return self.directory.world


def context_of(info: GraphQLResolveInfo) -> Context:
    """The context of the request that a resolver works for."""
    context = info.context
    assert isinstance(context, Context)  # noqa: S101 - tells the type checker what the server passes in
    return context


def not_found(what: str, described: str) -> TypedError:
    """The error for something that is not there or not visible, which leaves a null in its place."""
    article = "an" if what.startswith(("A", "E", "I", "O")) else "a"
    return TypedError("NOT_FOUND", f"Could not resolve to {article} {what} {described}.")


def paged(turn: Callable[[Window], Page[T]], arguments: Mapping[str, Any]) -> Page[T]:
    """Calls `turn` with the pagination arguments of a connection.

    Raises:
        TypedError: A cursor is none of this connection.
    """
    window = Window(arguments.get("first"), arguments.get("last"), arguments.get("after"), arguments.get("before"))
    try:
        return turn(window)
    except InvalidCursorError as error:
        raise TypedError("INVALID_CURSOR_ARGUMENTS", str(error)) from None


def connection_table(schema: GraphQLSchema) -> Table:
    """The resolvers of every connection and edge type of the schema; their source is a `Page`."""
    table: dict[str, Mapping[str, Resolver]] = {"PageInfo": _PAGE_INFO}
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLObjectType) and name.endswith("Connection") and "pageInfo" in kind.fields:
            table[name] = {field: _CONNECTION[field] for field in kind.fields if field in _CONNECTION}
        elif isinstance(kind, GraphQLObjectType) and {"node", "cursor"} <= kind.fields.keys():
            table[name] = _EDGE
    return table


_CONNECTION: Mapping[str, Resolver] = {
    "nodes": lambda page, _: page.items,
    "edges": lambda page, _: [(page, index) for index in range(len(page.items))],
    "pageInfo": lambda page, _: page,
    "totalCount": lambda page, _: page.total,
    "filteredCount": lambda page, _: page.total,
    "pageCount": lambda page, _: len(page.items),
    "totalDiskUsage": lambda _page, _: 0,
}

_EDGE: Mapping[str, Resolver] = {
    "node": lambda edge, _: edge[0].items[edge[1]],
    "cursor": lambda edge, _: edge[0].cursor(edge[1]),
}

_PAGE_INFO: Mapping[str, Resolver] = {
    "hasNextPage": lambda page, _: page.has_next,
    "hasPreviousPage": lambda page, _: page.has_previous,
    "startCursor": lambda page, _: page.cursor(0) if page.items else None,
    "endCursor": lambda page, _: page.cursor(len(page.items) - 1) if page.items else None,
}
