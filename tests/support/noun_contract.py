"""The import contract of DESIGN.md for a service's nouns, as import-linter runs it.

Inside one noun: `handlers` → `store` → `rules`. One noun reaches another through its handlers, its pure parts or
events, never through its store.
"""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

_ORDER = ("rules", "store", "handlers")


class NounContract(Contract):
    """Fails on every direct import that goes up inside a noun, or into another noun's store."""

    services = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        broken = []
        for service in self.services:  # type: ignore[attr-defined]  # a field's value at run time is a list
            for importer in sorted(graph.find_descendants(service)):
                for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                    reason = objection(service, importer, imported)
                    if reason:
                        broken.append(f"{importer} -> {imported}: {reason}")
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["broken"]:
            output.print_error(line)


def objection(service: str, importer: str, imported: str) -> str | None:
    """Why `importer` may not import `imported`; None if it may."""
    if not imported.startswith(service + "."):
        return None
    ours, theirs = importer.removeprefix(service + ".").split("."), imported.removeprefix(service + ".").split(".")
    if len(theirs) < 2:
        return None
    if theirs[1] == "store" and ours[0] != theirs[0] and len(ours) > 1:
        return "a noun's store is its own; ask its handlers"
    both_ordered = len(ours) > 1 and ours[1] in _ORDER and theirs[1] in _ORDER
    if ours[0] == theirs[0] and both_ordered and _ORDER.index(ours[1]) < _ORDER.index(theirs[1]):
        return "handlers build on store, store on rules, not the other way round"
    return None
