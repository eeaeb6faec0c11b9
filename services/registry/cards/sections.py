"""What a card says: each section out of the facts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from services.contracts.cards import CardWords
from services.contracts.datasets import DatasetVersionView, SourceView
from services.contracts.deployments import DeploymentView
from services.contracts.evaluations import EvaluationView
from services.contracts.gates import GateResultView
from services.contracts.lineage import NodeView
from services.contracts.profiles import ColumnProfile
from services.contracts.registry import RunView, VersionView
from services.contracts.reproduction import ReproducibilityView
from services.contracts.reviews import ReviewView
from services.registry.cards.document import (
    Bars,
    Block,
    Card,
    Fields,
    Histogram,
    Lines,
    Section,
    Series,
    Table,
    Text,
    Warned,
)

MANY_ROWS = 60
MANY_BARS = 20
MANY_PLOTS = 6
MANY_POINTS = 200
MANY_EXAMPLES = 3


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset that the version learned from, with its sources and some of its columns."""

    context: str | None
    version: DatasetVersionView
    sources: list[SourceView]
    columns: list[ColumnProfile]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that is recorded about a version. `alerts` are nodes of the lineage graph."""

    version: VersionView
    run: RunView | None
    words: CardWords
    data: Sequence[Data] = ()
    evaluation: EvaluationView | None = None
    gates: GateResultView | None = None
    review: ReviewView | None = None
    deployments: Sequence[DeploymentView] = ()
    reproducibility: ReproducibilityView | None = None
    alerts: Sequence[NodeView] = ()


def card_of(facts: Facts) -> Card:
    words, version = facts.words, facts.version
    return Card(
        title=f"{version.model_name}, version {version.version}",
        subtitle="Model card",
        sections=[
            Section("summary", "Summary", _words(words.summary or version.description)),
            Section("intended_use", "Intended use", _words(words.intended_use)),
            Section("out_of_scope", "Out of scope", _words(words.out_of_scope)),
            Section("details", "Details", _details(facts)),
            Section("data", "Training data", list(_data(facts.data))),
            Section("metrics", "Metrics", list(_metrics(facts))),
            Section("slices", "Slices and fairness", list(_slices(facts.evaluation))),
            Section("explanation", "Explanation", list(_explanation(facts.evaluation))),
            Section("gates", "Gates", list(_gates(facts.gates))),
            Section("approvals", "Approvals", list(_approvals(facts.review))),
            Section("reproducibility", "Reproducibility", list(_reproducibility(facts.reproducibility))),
            Section("deployments", "Where it runs", list(_deployments(facts))),
            Section("monitoring", "Monitoring", list(_monitoring(facts))),
            Section("limits", "Limits", _words(words.limits)),
            Section("ethics", "Ethical considerations", _words(words.ethics)),
            Section("response_plan", "When it goes wrong", _words(words.response_plan)),
            Section("contact", "Contact", _words(words.contact)),
        ],
    )


def _words(text: str) -> list[Block]:
    return [Text(text.strip())] if text.strip() else []


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _details(facts: Facts) -> list[Block]:
    version, run = facts.version, facts.run
    rows = [
        ("Registered", f"{version.created_at:%Y-%m-%d %H:%M} UTC by {version.user}"),
        ("Aliases", ", ".join(sorted(version.aliases))),
        ("Files", version.source),
    ]
    if run is not None:
        rows += [
            ("Experiment", run.experiment_name),
            ("Run", f"{run.name} ({run.id}) by {run.user}"),
            ("Trained", f"{run.start_time:%Y-%m-%d %H:%M} UTC"),
            ("Code version", run.git_commit or ""),
            ("Script", run.source or ""),
        ]
    blocks: list[Block] = [Fields([(name, value) for name, value in rows if value])]
    params = run.params if run is not None else version.params
    if params:
        blocks.append(_pairs("Parameters", ["parameter", "value"], params))
    return blocks


def _pairs(caption: str, headers: list[str], values: Mapping[str, str]) -> Table:
    rows = [[key, value] for key, value in sorted(values.items())[:MANY_ROWS]]
    more = len(values) - len(rows)
    return Table(headers, rows, f"{caption}, and {more} more" if more > 0 else caption)


def _data(data: Sequence[Data]) -> Iterable[Block]:
    for entry in data:
        version = entry.version
        rows = [
            (
                "Dataset",
                f"{version.dataset}, version {version.number}" + (f" ({entry.context})" if entry.context else ""),
            ),
            ("Digest", version.digest),
            ("Rows", "" if version.rows is None else str(version.rows)),
            ("Columns", str(len(version.columns)) if version.columns else ""),
            ("Where", version.location),
            ("Made of", ", ".join(f"{parent.dataset}@{parent.digest}" for parent in version.parents)),
            ("Target", version.target or ""),
            ("Sealed", "for the final evaluation only" if version.sealed else ""),
        ]
        yield Fields([(name, value) for name, value in rows if value])
        for source in entry.sources:
            personal = source.personal_data + (f": {source.protection}" if source.protection else "")
            said = [
                ("Source", source.name),
                ("Owner", source.owner),
                ("Licence", source.licence),
                ("Legal basis", source.legal_basis),
                ("Personal data", personal),
                ("Refreshed", source.refresh),
            ]
            yield Fields([(name, value) for name, value in said if value])
            if source.missing:
                yield Warned(f"Not said of {source.name}: {', '.join(source.missing).replace('_', ' ')}.")
        yield from _columns(entry.columns)


def _columns(columns: Sequence[ColumnProfile]) -> Iterable[Block]:
    for column in columns[:MANY_PLOTS]:
        if column.counts:
            yield Histogram(f"{column.name}: {column.missing} of {column.rows} missing", column.edges, column.counts)
        elif column.top:
            shown = column.top[:10]
            yield Bars(column.name, [entry.value for entry in shown], [float(entry.count) for entry in shown])


def _metrics(facts: Facts) -> Iterable[Block]:
    evaluation = facts.evaluation
    if evaluation is not None:
        rows = "" if evaluation.split.rows is None else f", {evaluation.split.rows} rows"
        sealed = "sealed " if evaluation.split.sealed else ""
        yield Text(f"On the {sealed}split {evaluation.split.name}{rows}; evaluated by {evaluation.by}.")
        yield _pairs("Metrics", ["metric", "value"], {key: _number(value) for key, value in evaluation.metrics.items()})
        if evaluation.split.sealed and evaluation.sealed_uses > 1:
            yield Warned(f"The sealed split was used {evaluation.sealed_uses} times.")
        if evaluation.stability:
            found = [
                [entry.metric, str(entry.count), _number(entry.mean), _number(entry.deviation)]
                for entry in evaluation.stability[:MANY_ROWS]
            ]
            yield Table(["metric", "seeds", "mean", "deviation"], found, "Stability over seeds or folds")
        if evaluation.confusion is not None:
            labels = evaluation.confusion.labels[:20]
            counts = [
                [label, *(str(count) for count in row[:20])]
                for label, row in zip(labels, evaluation.confusion.counts, strict=False)
            ]
            yield Table(["label \\ prediction", *labels], counts, "Confusion matrix")
        for curve in evaluation.curves[:MANY_PLOTS]:
            step = max(len(curve.x) // MANY_POINTS, 1)
            yield Lines(
                curve.name.replace("_", " "),
                [Series(curve.name, curve.x[::step], curve.y[::step])],
                curve.x_title,
                curve.y_title,
            )
    elif facts.version.metrics:
        yield Text("As the run logged them; there is no evaluation on a named split.")
        shown = {key: _number(value) for key, value in facts.version.metrics.items()}
        yield _pairs("Metrics", ["metric", "value"], shown)


def _slices(evaluation: EvaluationView | None) -> Iterable[Block]:
    if evaluation is None or not evaluation.slices:
        return
    for entry in evaluation.disparities[:MANY_PLOTS]:
        ratio = "" if entry.ratio is None else f", ratio {entry.ratio:.2f}"
        kind = "protected attribute" if entry.kind == "fairness" else "feature"
        yield Text(
            f"{entry.metric} by {entry.feature} ({kind}): worst {entry.worst} with {_number(entry.worst_value)} "
            f"({entry.worst_rows} rows), best {entry.best} with {_number(entry.best_value)}; "
            f"difference {_number(entry.difference)}{ratio}."
        )
        shown = [s for s in evaluation.slices if s.feature == entry.feature and entry.metric in s.metrics][:MANY_BARS]
        labels = [f"{s.value} ({s.rows})" for s in shown]
        worst = next((number for number, s in enumerate(shown) if s.value == entry.worst), None)
        yield Bars(f"{entry.metric} by {entry.feature}", labels, [s.metrics[entry.metric] for s in shown], worst)
    if not evaluation.disparities:
        rows = [
            [s.feature, s.value, str(s.rows), ", ".join(f"{key} {_number(v)}" for key, v in sorted(s.metrics.items()))]
            for s in evaluation.slices[:MANY_ROWS]
        ]
        yield Table(["feature", "value", "rows", "metrics"], rows, "Slices")


def _explanation(evaluation: EvaluationView | None) -> Iterable[Block]:
    explanation = None if evaluation is None else evaluation.explanation
    if explanation is None:
        return
    ordered = sorted(explanation.importances, key=lambda entry: -abs(entry.value))[:MANY_BARS]
    if ordered:
        title = f"Importance of features ({explanation.method})"
        yield Bars(title, [entry.feature for entry in ordered], [entry.value for entry in ordered])
    for example in explanation.examples[:MANY_EXAMPLES]:
        label = "" if example.label is None else f", in truth {example.label}"
        parts = sorted(example.contributions, key=lambda entry: -abs(entry.amount))[:10]
        rows = [[part.feature, part.value, f"{part.amount:+.4g}"] for part in parts]
        yield Table(["feature", "value", "adds"], rows, f"Row {example.row}: {example.prediction}{label}")


def _gates(result: GateResultView | None) -> Iterable[Block]:
    if result is None:
        return
    word = "passed" if result.passed else "not passed"
    yield Text(f"All gates {word}, judged {result.at:%Y-%m-%d %H:%M} UTC by policy revision {result.policy_revision}.")
    rows = []
    for verdict in result.verdicts[:MANY_ROWS]:
        numbers = ", ".join(f"{key} {_number(value)}" for key, value in sorted(verdict.numbers.items()))
        rows.append([verdict.gate.name, verdict.outcome, verdict.words, numbers])
    yield Table(["gate", "outcome", "why", "numbers"], rows)
    if not result.current:
        yield Warned("The version's content has changed since.")


def _approvals(review: ReviewView | None) -> Iterable[Block]:
    if review is None:
        return
    state = review.state.replace("_", " ")
    yield Text(f"Review requested by {review.requested_by}, round {review.round}: {state}.")
    rows = [
        [decision.by, decision.decision.replace("_", " "), f"{decision.at:%Y-%m-%d %H:%M}", decision.reason]
        for decision in review.decisions[:MANY_ROWS]
    ]
    if rows:
        yield Table(["reviewer", "decision", "when (UTC)", "reason"], rows)


def _reproducibility(view: ReproducibilityView | None) -> Iterable[Block]:
    if view is None:
        return
    lacking = [part.title.lower() for part in view.ingredients if not part.present]
    yield Text(f"Score {view.score:.0%}" + (f"; not recorded: {', '.join(lacking)}." if lacking else "."))
    rows = [
        [f"{attempt.at:%Y-%m-%d %H:%M}", attempt.by, attempt.outcome, f"{attempt.tolerance:g}"]
        for attempt in view.attempts[:10]
    ]
    if rows:
        yield Table(["when (UTC)", "by", "outcome", "tolerance"], rows, "Run again")


def _deployments(facts: Facts) -> Iterable[Block]:
    rows: list[list[str]] = []
    for deployment in facts.deployments:
        for stay in deployment.history:
            if stay.version != facts.version.version or len(rows) == MANY_ROWS:
                continue
            until = "now" if stay.end is None else f"{stay.end:%Y-%m-%d %H:%M}"
            overridden = (
                f"rules not met: {', '.join(stay.overridden)} ({stay.override_reason})" if stay.overridden else ""
            )
            rows.append([deployment.environment, f"{stay.start:%Y-%m-%d %H:%M}", until, stay.by, stay.note, overridden])
    if rows:
        yield Table(["environment", "from (UTC)", "until", "by", "note", "override"], rows)


def _monitoring(facts: Facts) -> Iterable[Block]:
    alerts = [node for node in facts.alerts if node.kind == "alert"]
    windows = [node for node in facts.alerts if node.kind == "window"]
    if windows:
        yield Text(f"Windows with drift: {len(windows)}.")
    rows = [[f"{node.at:%Y-%m-%d %H:%M}" if node.at else "", node.label, node.state] for node in alerts[:MANY_ROWS]]
    if rows:
        yield Table(["opened (UTC)", "alert", "state"], rows, "Alerts")
