"""What a GraphQL query may cost, known before it runs: GitHub's pagination rules, node limit and points.

By GitHub's documentation ("Rate limits and node limits for the GraphQL API"):

- every connection whose rows are asked for needs `first` or `last` of 1 to 100;
- the *nodes* of a query are the rows that all its connections can return together, at most 500,000;
- its *points* are the requests needed to fill every connection once for each possible parent, divided by 100 and
  rounded, at least 1.

`nodes(ids:)` is no connection: its ids count as nodes and multiply what is below them, and it takes at most 100.
Fields below several fragments that cannot all apply to one row are added up (assumed: GitHub does not say).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    get_named_type,
)
from graphql.execution.collect_fields import should_include_node
from graphql.execution.values import get_argument_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphql import FragmentDefinitionNode, OperationDefinitionNode, SelectionSetNode

PAGE_LIMIT = 100
IDS_LIMIT = 100
NODE_LIMIT = 500_000
REQUESTS_PER_POINT = 100

_COMPOSITE = (GraphQLObjectType, GraphQLInterfaceType, GraphQLUnionType)
_NEEDS_BOUNDARIES = frozenset({"nodes", "edges", "pageInfo"})


class TypedError(GraphQLError):
    """An error with GitHub's `type` beside the message."""

    def __init__(
        self, error_type: str, message: str, node: FieldNode | None = None, path: list[str | int] | None = None
    ) -> None:
        super().__init__(message, node, path=path)
        self.error_type = error_type


@dataclass(slots=True)
class Cost:
    """What one operation may need at most.

    Attributes:
        nodes: Rows over all connections.
        requests: Fetches over all connections.
        dry_run: Whether it asks for its price alone.
        errors: The rules it breaks; if there are any it must not run.
    """

    nodes: int = 0
    requests: int = 0
    dry_run: bool = False
    errors: list[TypedError] = field(default_factory=list)

    @property
    def points(self) -> int:
        """What it takes from the hour's budget."""
        return max(1, (self.requests + REQUESTS_PER_POINT // 2) // REQUESTS_PER_POINT)


def cost_of(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: dict[str, Any],
) -> Cost:
    """Prices an operation of a valid document, given its coerced variables."""
    walk = _Walk(schema, fragments, variables, Cost())
    root = schema.get_root_type(operation.operation)
    if root is not None:
        walk.selections(root, [operation.selection_set], 1, [])
    cost = walk.cost
    if cost.nodes > NODE_LIMIT and not cost.errors:
        message = f"This query requests up to {cost.nodes:,} possible nodes which exceeds the maximum limit of 500,000."
        cost.errors.append(TypedError("MAX_NODE_LIMIT_EXCEEDED", message))
    return cost


@dataclass(slots=True)
class _Walk:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: dict[str, Any]
    cost: Cost

    def selections(
        self, parent: GraphQLCompositeType, sets: list[SelectionSetNode], parents: int, path: list[str | int]
    ) -> None:
        """Adds what the fields of these selection sets need for `parents` rows of the parent type."""
        merged: dict[tuple[str, str], tuple[GraphQLCompositeType, list[FieldNode]]] = {}
        for selection_set in sets:
            for owner, node in self._fields(parent, selection_set):
                key = (owner.name, node.alias.value if node.alias else node.name.value)
                merged.setdefault(key, (owner, []))[1].append(node)
        for (_, response_key), (owner, nodes) in merged.items():
            self._field(owner, nodes, parents, [*path, response_key])

    def _fields(
        self, parent: GraphQLCompositeType, selection_set: SelectionSetNode
    ) -> Iterator[tuple[GraphQLCompositeType, FieldNode]]:
        for node in selection_set.selections:
            if not should_include_node(self.variables, node):  # type: ignore[arg-type] # the three kinds there are
                continue
            if isinstance(node, FieldNode):
                yield parent, node
                continue
            body: InlineFragmentNode | FragmentDefinitionNode | None = None
            if isinstance(node, InlineFragmentNode):
                body = node
            elif isinstance(node, FragmentSpreadNode):
                body = self.fragments.get(node.name.value)
            if body is not None:
                condition = body.type_condition
                owner = self.schema.type_map[condition.name.value] if condition else parent
                if isinstance(owner, _COMPOSITE):
                    yield from self._fields(owner, body.selection_set)

    def _field(self, owner: GraphQLCompositeType, nodes: list[FieldNode], parents: int, path: list[str | int]) -> None:
        node = nodes[0]
        definition = _definition(owner, node.name.value)
        sets = [each.selection_set for each in nodes if each.selection_set]
        if definition is None or not sets:
            return
        returned = get_named_type(definition.type)
        if not isinstance(returned, _COMPOSITE):
            return
        rows = parents
        if returned.name.endswith("Connection"):
            size = self._page_size(returned, definition, nodes, path)
            self.cost.requests += parents
            self.cost.nodes += parents * size
            rows = parents * size
        elif owner is self.schema.query_type and node.name.value == "nodes":
            rows = len(get_argument_values(definition, node, self.variables)["ids"])
            self.cost.nodes += rows
            if rows > IDS_LIMIT:
                message = f"You may not provide more than {IDS_LIMIT} node ids; you provided {rows}."
                self.cost.errors.append(TypedError("ARGUMENT_LIMIT", message, node, path))
        elif owner is self.schema.query_type and node.name.value == "rateLimit":
            self.cost.dry_run |= bool(get_argument_values(definition, node, self.variables).get("dryRun"))
        self.selections(returned, sets, rows, path)

    def _page_size(
        self, connection: GraphQLCompositeType, definition: GraphQLField, nodes: list[FieldNode], path: list[str | int]
    ) -> int:
        """How many rows a page of the connection can have; 0 where only a total is asked for."""
        arguments = get_argument_values(definition, nodes[0], self.variables)
        first: Any = arguments.get("first")
        last: Any = arguments.get("last")
        name = nodes[0].name.value
        if first is None and last is None:
            asked = {
                node.name.value
                for each in nodes
                if each.selection_set
                for _, node in self._fields(connection, each.selection_set)
            }
            if asked & _NEEDS_BOUNDARIES:
                message = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
                self._refuse("MISSING_PAGINATION_BOUNDARIES", message, nodes[0], path)
            return 0
        if first is not None and last is not None:
            # Assumed: the documentation only says that it is not supported.
            message = f"Passing both `first` and `last` to paginate the `{name}` connection is not supported."
            self._refuse("INVALID_PAGINATION_BOUNDARIES", message, nodes[0], path)
        argument, size = ("last", int(last)) if first is None else ("first", int(first))
        if size < 1:
            # Assumed: the documentation gives the range of 1 to 100, no recording shows the message.
            message = f"`{argument}` on the `{name}` connection must be at least 1, not {size}."
            self._refuse("INVALID_PAGINATION_BOUNDARIES", message, nodes[0], path)
            return 0
        if size > PAGE_LIMIT:
            message = (
                f"Requesting {size} records on the `{name}` connection exceeds the `{argument}` limit of"
                f" {PAGE_LIMIT} records."
            )
            self._refuse("EXCESSIVE_PAGINATION", message, nodes[0], path)
        return size

    def _refuse(self, error_type: str, message: str, node: FieldNode, path: list[str | int]) -> None:
        self.cost.errors.append(TypedError(error_type, message, node, path))


def _definition(owner: GraphQLCompositeType, name: str) -> GraphQLField | None:
    fields: dict[str, GraphQLField] = {} if isinstance(owner, GraphQLUnionType) else owner.fields
    return fields.get(name)
