"""Tags, notes and aliases: small things that are set and taken back at once, each with its way back."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.components.acting import Action, Field, Given, only


def _tag_back(kind: str, *ids: str) -> Action:
    """Takes a tag off; the way back sets it again."""
    noun = {"run": "Run", "version": "ModelVersion"}[kind]
    return Action(
        f"{kind}.untag",
        "Remove the tag",
        f"delete{noun}Tag",
        "Remove it",
        "The tag is removed.",
        words=lambda given: f"“{given.get('tag', '')}” goes; the record keeps that it was there.",
        variables=only(*ids, "tag"),
        answers_id=False,
        undo=lambda given: (f"{kind}.tag", {**only(*ids, "tag")(given), "value": given.get("value", "")}),
    )


def _tag(kind: str, *ids: str) -> Action:
    noun = {"run": "Run", "version": "ModelVersion"}[kind]

    def fields(given: Given) -> Sequence[Field]:
        return [Field("tag", "Name", required=True), Field("value", "Value", hint="It may stay empty.")]

    def back(given: Given) -> tuple[str, dict[str, str]]:
        kept = only(*ids, "tag")(given)
        former = given.get("tags", {}).get(given.get("tag"))
        return (f"{kind}.untag", kept) if former is None else (f"{kind}.tag", {**kept, "value": former})

    return Action(
        f"{kind}.tag",
        "Tag",
        f"set{noun}Tag",
        "Save",
        "The tag is set.",
        fields=fields,
        words=lambda given: "A tag of the same name gets the new value.",
        variables=lambda given: {**only(*ids, "tag")(given), "value": str(given.get("value") or "")},
        answers_id=False,
        undo=back,
    )


def _note(kind: str, *ids: str) -> Action:
    noun = {"run": "Run", "version": "ModelVersion"}[kind]
    return Action(
        f"{kind}.describe",
        "Note",
        f"describe{noun}",
        "Save",
        "The note is saved.",
        fields=lambda given: [Field("description", "What others should know", "long", value=given.get("known"))],
        variables=lambda given: {**only(*ids)(given), "description": str(given.get("description") or "")},
        answers_id=False,
        undo=lambda given: (f"{kind}.describe", {**only(*ids)(given), "description": given.get("known") or ""}),
    )


_ALIAS = Action(
    "model.unalias",
    "Remove the alias",
    "removeAlias",
    "Remove it",
    "The alias is removed.",
    words=lambda given: f"Whoever loads the model as @{given.get('alias', '')} gets an error from now on.",
    variables=only("model", "alias"),
    danger=True,
    answers_id=False,
    undo=lambda given: ("model.alias", only("model", "alias", "version")(given)) if given.get("version") else None,
)

LABELS: tuple[Action, ...] = (
    *(make("run", "runId") for make in (_tag, _tag_back, _note)),
    *(make("version", "model", "version") for make in (_tag, _tag_back, _note)),
    _ALIAS,
)
