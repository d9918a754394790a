"""Answers GraphQL requests: parse, validate, price, pay, execute; the shapes of errors are GitHub's."""

from __future__ import annotations

import logging
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    ExecutionContext,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    SelectionSetNode,
    execute_sync,
    parse,
    validate,
)

from local_stack.simulator.cost import TypedError, cost_of
from local_stack.simulator.graphql import accounts, commits, conversation, pull_requests, query, repositories
from local_stack.simulator.graphql.nodes import type_name
from local_stack.simulator.graphql.resolving import Context, connection_table
from local_stack.simulator.graphql.synchronous import SynchronousExecution
from local_stack.simulator.schema import official_schema

if TYPE_CHECKING:
    from graphql import OperationDefinitionNode

    from local_stack.simulator.directory import Directory
    from local_stack.simulator.limits import RateLimit

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a GraphQL request is answered with, always with status 200.

    Attributes:
        body: The JSON object.
        points: What was taken from the budget; 0 if nothing was executed.
        operation: The name of the operation, for the counts.
    """

    body: dict[str, Any]
    points: int = 0
    operation: str = "anonymous"


@lru_cache(maxsize=1)
def executable_schema() -> GraphQLSchema:
    """The official schema with the resolvers of what the simulator knows; made once per process.

    Raises:
        SchemaMissingError: The official schema has not been fetched.
    """
    schema = official_schema()
    modules = (accounts, commits, conversation, pull_requests, query, repositories)
    for table in (connection_table(schema), *(module.TABLE for module in modules)):
        for name, resolvers in table.items():
            kind = schema.type_map[name]
            assert isinstance(kind, GraphQLObjectType)  # noqa: S101 - tables name object types only
            for field, resolver in resolvers.items():
                kind.fields[field].resolve = resolver
    return schema


def answer(
    directory: Directory,
    budget: RateLimit,
    text: str,
    variables: dict[str, Any] | None,
    operation_name: str | None,
) -> Answer:
    """Answers one request, and takes its points from the budget."""
    schema = executable_schema()
    document = _checked(text)
    if not isinstance(document, DocumentNode):
        return Answer({"errors": [shape(error) for error in document]})
    prepared = ExecutionContext.build(
        schema, document, raw_variable_values=variables or {}, operation_name=operation_name
    )
    if isinstance(prepared, list):
        return Answer({"errors": [shape(error) for error in prepared]})
    operation = prepared.operation
    name = operation.name.value if operation.name else "anonymous"
    try:
        cost = cost_of(schema, operation, prepared.fragments, prepared.variable_values)
    except GraphQLError as refusal:  # a null for an argument that takes none
        return Answer({"data": None, "errors": [shape(refusal)]}, 0, name)
    if cost.errors:
        return Answer({"data": None, "errors": [shape(error) for error in cost.errors]}, 0, name)
    context = Context(directory, cost, budget)
    if cost.dry_run:
        document = _only_priced(operation)
    elif not budget.take(cost.points):
        return Answer({"errors": [shape(exhausted(directory.world.viewer.id))]}, 0, name)
    result = execute(document, context, variables, operation_name)
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [shape(error) for error in result.errors]
        for error in result.errors:
            if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
                _LOGGER.error("A resolver failed at %s", error.path, exc_info=error.original_error)
    return Answer(body, 0 if cost.dry_run else cost.points, name)


def execute(
    document: DocumentNode,
    context: Context,
    variables: dict[str, Any] | None = None,
    operation_name: str | None = None,
    *,
    execution: type[ExecutionContext] = SynchronousExecution,
) -> ExecutionResult:
    """Executes a valid document; any `execution` gives the same result."""
    return execute_sync(
        executable_schema(),
        document,
        context_value=context,
        variable_values=variables,
        operation_name=operation_name,
        field_resolver=_unknown_field,
        type_resolver=_type_of,
        execution_context_class=execution,
    )


def _only_priced(operation: OperationDefinitionNode) -> DocumentNode:
    """What a dry run answers: `rateLimit` alone (assumed: GitHub only says that the query is not evaluated)."""
    selections = operation.selection_set.selections
    kept = [node for node in selections if isinstance(node, FieldNode) and node.name.value == "rateLimit"]
    priced = copy(operation)
    priced.selection_set = SelectionSetNode(selections=tuple(kept))
    return DocumentNode(definitions=(priced,))


def shape(error: GraphQLError) -> dict[str, Any]:
    """An error as GitHub spells it: `type`, `path`, `locations` (each if known) and `message`."""
    cause = error.original_error if isinstance(error.original_error, TypedError) else error
    shaped: dict[str, Any] = {}
    if isinstance(cause, TypedError):
        shaped["type"] = cause.error_type
    if error.path is not None:
        shaped["path"] = list(error.path)
    if error.locations:
        shaped["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    shaped["message"] = error.message
    return shaped


def exhausted(user_id: int) -> TypedError:
    """The answer to a query when the hour's points are used up.

    The type and the status 200 are documented; the rest of the shape is assumed, as no recording shows one.
    """
    return TypedError("RATE_LIMITED", f"API rate limit exceeded for user ID {user_id}.")


@lru_cache(maxsize=1_024)
def _checked(text: str) -> DocumentNode | list[GraphQLError]:
    """The document, or what is wrong with it; remembered, as checking takes much longer than answering."""
    try:
        document = parse(text)
    except GraphQLError as error:
        return [error]
    return validate(executable_schema(), document, max_errors=100) or document


def _unknown_field(_source: object, info: GraphQLResolveInfo, **_arguments: Any) -> None:  # noqa: ANN401 - any field's arguments
    raise TypedError("NOT_SIMULATED", f"The simulator does not know {info.parent_type.name}.{info.field_name}.")


def _type_of(value: Any, _info: GraphQLResolveInfo, _type: object) -> str:  # noqa: ANN401 - any node
    return type_name(value)
