"""Which fields the query selects below the one being resolved, so that relatives are fetched for a page at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode
from strawberry.types import Info


class Selected:
    """The fields selected on one object. `@skip` and `@include` count as selected: at worst too much is fetched."""

    def __init__(
        self, sets: Iterable[SelectionSetNode | None], fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        self._fragments = fragments
        self._fields: dict[str, list[FieldNode]] = {}
        self._spread: set[str] = set()
        for selection_set in sets:
            self._collect(selection_set)

    @classmethod
    def of(cls, info: Info) -> Selected:
        """What is selected on the value of the field that `info` belongs to."""
        raw = info._raw_info
        return cls((node.selection_set for node in raw.field_nodes), raw.fragments)

    def _collect(self, selection_set: SelectionSetNode | None) -> None:
        for node in selection_set.selections if selection_set else ():
            if isinstance(node, FieldNode):
                self._fields.setdefault(node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                self._collect(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in self._spread:
                self._spread.add(node.name.value)
                self._collect(self._fragments[node.name.value].selection_set)

    def __contains__(self, field: str) -> bool:
        """Whether the GraphQL field `field` is selected here."""
        return field in self._fields

    def into(self, field: str) -> Selected:
        """What is selected on the value of `field`; nothing if it isn't selected itself."""
        return Selected((node.selection_set for node in self._fields.get(field, ())), self._fragments)

    def items(self) -> Selected:
        """On a connection: what is selected on its items, be it below `nodes` or below `edges { node }`."""
        edges = self.into("edges")
        sets = [node.selection_set for node in (*self._fields.get("nodes", ()), *edges._fields.get("node", ()))]
        return Selected(sets, self._fragments)
