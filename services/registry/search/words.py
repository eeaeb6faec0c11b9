"""How filters and orders that can't be had are refused: in MLflow's words, which differ from kind to kind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """Each is filled in with what was `found` and what is `known`, `allowed` and so on instead."""

    section: str = "Invalid entity type '{found}'. Valid values are {known}"
    attribute: str = "Invalid attribute key '{found}' specified. Valid keys are {known}"
    order: str = "Invalid attribute key '{found}' specified. Valid keys are {known}"
    order_section: str = "Invalid order_by entity: {section}"
    direction: str = "Invalid order_by clause '{text}'. Could not be parsed."
    operator: str = "Invalid comparator '{found}' not one of {allowed}"
    tag_operator: str = "Invalid comparator '{found}' not one of {allowed}"
    presence: str = "IS NULL / IS NOT NULL is only supported for tags and params, not for '{section}' '{key}'"
    listing: str = "Only {known} attributes support comparison with a list of quoted string values."
    text: str = "Expected a quoted string value for attributes. Got value {found}"
    clause: str = "Invalid clause(s) in filter string: {found} at character {position} of {text!r}; expected {wanted}"


NOT_QUOTED = (
    "Parameter value is either not quoted or unidentified quote types used for string value {found}. "
    "Use either single or double quotes."
)
OTHER_TEXT = {
    "parameter": "Expected a quoted string value for parameter (e.g. 'my-value'). Got value {found}",
    "tag": "Expected a quoted string value for tag (e.g. 'my-value'). Got value {found}",
    "dataset": "Expected a quoted string value for dataset attributes. Got value {found}",
}
NOT_WHOLE = "Invalid value for numeric attribute '{key}': {found!r}"
NO_EXPERIMENT_ID = "Invalid experiment ID {found!r}. Experiment ID must be a valid integer."
_IN_A_LIST = "While parsing a list in the query, expected "
EMPTY_LIST = f"{_IN_A_LIST}a non-empty list of string values, but got empty list"
ILL_FORMED_LIST = f"{_IN_A_LIST}a non-empty list of string values, but got ill-formed list."
MIXED_LIST = f"{_IN_A_LIST}string value, punctuation, or whitespace, but got different type in list: {{found}}"

OF_RUNS = Words()
OF_EXPERIMENTS = Words(
    tag_operator="Invalid comparator for tag: {found}",
    section="Invalid entity type '{found}'. Valid entity types are ('attribute', 'tag', 'tags')",
    presence="IS NULL / IS NOT NULL is only supported for tags, not for attribute '{key}'",
    direction="Invalid ordering key in order_by clause '{text}'.",
)
OF_REGISTERED = Words(
    section="Invalid entity type '{found}'. Valid entity types are ('attribute', 'tag', 'tags')",
    presence="IS NULL / IS NOT NULL isn't supported for '{section}' '{key}'",
    operator="Invalid comparator for attribute: {found}",
    tag_operator="Invalid comparator for tag: {found}",
    direction="Invalid ordering key in order_by clause '{text}'.",
    order="Invalid order by key '{found}' specified. Valid keys are {known}",
    order_section="Invalid order by key '{found}' specified. Valid keys are {known}",
    text="Expected a quoted string value or a list of quoted string values for attributes. Got value {found}",
)
OF_VERSIONS = Words(
    section=OF_REGISTERED.section,
    presence=OF_REGISTERED.presence,
    operator=OF_REGISTERED.operator,
    tag_operator=OF_REGISTERED.tag_operator,
    direction=OF_REGISTERED.direction,
    text="Only the version_number attribute supports comparison with numeric values. Got value {found}",
)
OF_LOGGED_MODELS = Words(
    section="Invalid entity type: '{found}'. Expected one of {known}.",
    operator="Invalid comparison operator for {plural}.{key}: '{found}'. Expected one of {allowed}.",
    tag_operator="Invalid comparison operator for {plural}.{key}: '{found}'. Expected one of {allowed}.",
    presence="Invalid comparison operator for {plural}.{key}: '{found}'. Expected one of {allowed}.",
    listing="Invalid comparison operator for {plural}.{key}: '{found}'. Expected one of {allowed}.",
    order="Invalid order by field name: {found}",
    clause="Invalid filter string: {text!r}. Expected a list of comparisons separated by 'AND' "
    "(e.g. 'metrics.loss > 0.1 AND params.lr = 0.01'): {found} at character {position}; expected {wanted}",
)
