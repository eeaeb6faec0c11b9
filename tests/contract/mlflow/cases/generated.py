"""Filters and orders for the runs of `searches`, as Hypothesis makes them up."""

from hypothesis import strategies as st

KEYS = ("auc", "loss", "val loss", "nope")
NUMBERS = st.sampled_from(["0", "0.1", "0.8", "0.9", "-0.5", "1", "1e-1", "1000", "-1"])
TEXTS = st.sampled_from(["3", "10", "0.1", "red", "Red", "x", "", "%", "_", "R%", "%e_", "1%", "blue\\_1", "RUNNING"])


def quoted(key: str, mark: str) -> str:
    return f"{mark}{key}{mark}" if mark or " " not in key else f"`{key}`"


MARKS = st.sampled_from(["`", '"', ""])
metric_comparisons = st.builds(
    lambda section, key, mark, operator, number: f"{section}.{quoted(key, mark)} {operator} {number}",
    st.sampled_from(["metrics", "metric"]),
    st.sampled_from(KEYS),
    MARKS,
    st.sampled_from([">", ">=", "<", "<=", "=", "!="]),
    NUMBERS,
)
text_comparisons = st.builds(
    lambda field, operator, text: f"{field} {operator} '{text}'",
    st.sampled_from(
        ["params.depth", "param.lr", "tags.team", "tag.`a.b`", "tags.empty", "status", "run_name", "user_id"]
    ),
    st.sampled_from(["=", "!=", "LIKE", "ILIKE", "like"]),
    TEXTS,
)
presence = st.builds(
    lambda field, operator: f"{field} {operator}",
    st.sampled_from(["params.depth", "tags.team", "tags.`a.b`", "params.nope"]),
    st.sampled_from(["IS NULL", "IS NOT NULL"]),
)
times = st.builds(
    lambda field, operator, number: f"{field} {operator} {number}",
    st.sampled_from(["start_time", "attributes.end_time", "created"]),
    st.sampled_from([">", ">=", "<", "<=", "=", "!="]),
    st.sampled_from(["100", "300", "850", "900", "299.5"]),
)
lists = st.builds(
    lambda field, operator, values: f"{field} {operator} ({', '.join(repr(value) for value in values)})",
    st.sampled_from(["datasets.name", "datasets.context", "dataset.digest"]),
    st.sampled_from(["IN", "NOT IN"]),
    st.lists(st.sampled_from(["flights", "weather", "train", "test", "d1"]), min_size=1, max_size=3),
)
filters = st.lists(st.one_of(metric_comparisons, text_comparisons, presence, times, lists), min_size=1, max_size=4).map(
    " AND ".join
)
orders = st.lists(
    st.builds(
        lambda field, direction: f"{field}{direction}",
        st.sampled_from(
            ["metrics.auc", "metrics.loss", "params.depth", "tags.team", "start_time", "end_time", "status"]
        ),
        st.sampled_from(["", " ASC", " DESC", " desc"]),
    ),
    max_size=3,
    unique_by=lambda clause: clause.split()[0],
)
