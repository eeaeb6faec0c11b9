"""Connections in the manner of Relay, read off the contracts' pages; cursors are the owning service's own."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

import strawberry

from services.contracts.errors import Invalid
from services.contracts.paging import MAX_PAGE, Page, Paging
from services.gateway.lookahead import Selected

DEFAULT_PAGE = 50

T = TypeVar("T")

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"At most so many items from the start, 1 to {MAX_PAGE}; {DEFAULT_PAGE} if unsaid."
    ),
]
After = Annotated[str | None, strawberry.argument(description="Go on after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description=f"At most so many items from the end, 1 to {MAX_PAGE}.")]
Before = Annotated[str | None, strawberry.argument(description="Stop before this cursor.")]
Where = Annotated[T | None, strawberry.argument(description="Only those of which this holds, besides the rest.")]
Sort = Annotated[list[T] | None, strawberry.argument(description="Their order; as the list says if unsaid.")]


@strawberry.type(description="Where a page stands in the whole list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether items follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether items precede this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item; null if there is none.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last item; null if there is none.")


@strawberry.type(description="An item with its place in the list.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="For `after` or `before`; stays valid when items come or go.")
    node: T = strawberry.field(description="The item.")


def _nodes(parent: strawberry.Parent[Any]) -> list[Any]:
    return [edge.node for edge in parent.edges]


def _page_info(parent: strawberry.Parent[Any]) -> PageInfo:
    edges = parent.edges
    return PageInfo(
        has_next_page=parent.has_next,
        has_previous_page=parent.has_previous,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The items of this page with their cursors.")
    nodes: list[T] = strawberry.field(resolver=_nodes, description="The items of this page.")
    page_info: PageInfo = strawberry.field(resolver=_page_info, description="Where this page stands in the list.")
    total: int | None = strawberry.field(
        name="totalCount", description="How many items the whole list has; counted only when it is asked for."
    )


def paging(first: int | None, after: str | None, last: int | None, before: str | None, selected: Selected) -> Paging:
    """What to ask the owner of the list for. Raises `Invalid` if the arguments don't fit together."""
    for name, value in (("first", first), ("last", last)):
        if value is not None and not 1 <= value <= MAX_PAGE:
            raise Invalid(f"`{name}` is {value}", field=name, fix=f"Ask for 1 to {MAX_PAGE} items a page.")
    if first is not None and last is not None:
        raise Invalid("`first` and `last` together are ambiguous", field="last", fix="Give one of them.")
    if last is None and first is None:
        first = DEFAULT_PAGE
    return Paging(first=first, after=after, last=last, before=before, with_total="totalCount" in selected)


def items_of(page: Page[T]) -> list[T]:
    """The items without their cursors."""
    return [edge.node for edge in page.edges]
