"""graphql-core's execution without what only asynchronous resolvers need: the same answers in less time.

Per request, each selected field is looked up and its arguments are coerced once instead of once a row, and no value
is checked for being awaitable. So a resolver's `info.path` is that of the first row; no resolver here uses it.
Whatever is unusual (errors among arguments, abstract types) is left to graphql-core; the tests compare both.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    ExecutionContext,
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    located_error,
)
from graphql.execution.execute import get_field_def
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path, Undefined


class SynchronousExecution(ExecutionContext):
    """The execution of one request whose resolvers are all synchronous."""

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - graphql-core's
        super().__init__(*arguments)
        self._known: dict[tuple[GraphQLObjectType, int], tuple[Any, GraphQLOutputType, GraphQLResolveInfo, Any]] = {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,  # noqa: ANN401 - any node
        path: Path | None,
        fields: dict[str, list[FieldNode]],
    ) -> dict[str, Any]:
        """Executes the fields of one row."""
        name = parent_type.name
        execute = self.execute_field
        return {key: execute(parent_type, source_value, nodes, Path(path, key, name)) for key, nodes in fields.items()}

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,  # noqa: ANN401 - any node
        field_nodes: list[FieldNode],
        path: Path,
    ) -> Any:  # noqa: ANN401 - any JSON value
        """Resolves and completes one field of one row."""
        known = self._known.get((parent_type, id(field_nodes[0])))
        if known is None:
            definition = get_field_def(self.schema, parent_type, field_nodes[0])
            try:
                assert definition is not None  # noqa: S101 - the document is valid
                arguments = get_argument_values(definition, field_nodes[0], self.variable_values)
            except GraphQLError:
                return super().execute_field(parent_type, source, field_nodes, path)
            info = self.build_resolve_info(definition, field_nodes, parent_type, path)
            known = (definition.resolve or self.field_resolver, definition.type, info, arguments)
            self._known[parent_type, id(field_nodes[0])] = known
        resolve, return_type, info, arguments = known
        try:
            return self.complete_value(return_type, field_nodes, info, path, resolve(source, info, **arguments))
        except Exception as raw_error:  # noqa: BLE001 - as graphql-core does
            self.handle_field_error(located_error(raw_error, field_nodes, path.as_list()), return_type, path)
            return None

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_nodes: list[FieldNode],
        info: GraphQLResolveInfo,
        path: Path,
        result: Any,  # noqa: ANN401 - any node
    ) -> Any:  # noqa: ANN401 - any JSON value
        """Completes the value of a field or of an item of a list."""
        inner: Any = return_type.of_type if type(return_type) is GraphQLNonNull else return_type
        kind = type(inner)
        if result is not None:
            if kind is GraphQLScalarType or kind is GraphQLEnumType:
                if not isinstance(result, Exception):
                    completed = inner.serialize(result)
                    if completed is not None and completed is not Undefined:
                        return completed
            elif kind is GraphQLObjectType:
                if not isinstance(result, Exception):
                    return self.execute_fields(inner, result, path, self.collect_subfields(inner, field_nodes))
            elif kind is GraphQLList and type(result) is list:
                return self._complete_items(inner.of_type, field_nodes, info, path, result)
        return super().complete_value(return_type, field_nodes, info, path, result)

    def _complete_items(
        self,
        item_type: GraphQLOutputType,
        field_nodes: list[FieldNode],
        info: GraphQLResolveInfo,
        path: Path,
        items: list[Any],
    ) -> list[Any]:
        completed: list[Any] = []
        for index, item in enumerate(items):
            item_path = path.add_key(index, None)
            try:
                completed.append(self.complete_value(item_type, field_nodes, info, item_path, item))
            except Exception as raw_error:  # noqa: BLE001 - as graphql-core does
                error = located_error(raw_error, field_nodes, item_path.as_list())
                self.handle_field_error(error, item_type, item_path)
                completed.append(None)
        return completed
