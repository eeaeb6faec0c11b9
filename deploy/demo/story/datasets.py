"""Describes the source, uploads the tables, records their features, splits and checks, and what was learned."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from deploy.demo.flights import CATEGORICAL, FEATURES, ID, LABEL, WEATHER
from deploy.demo.plans import MODEL
from deploy.demo.story import words
from deploy.demo.story.graphql import Colleague, StepRefused
from deploy.demo.story.tables import Manifest, Table

_CHUNK: Final = 1 << 20
_PARENT: Final = {"labelled": "period", "training": "labelled", "validation": "labelled", "holdout": "labelled"}
_SPLITS: Final = (("training", "TRAIN"), ("validation", "VALIDATION"), ("holdout", "TEST"))
_AEROPLANE: Final = frozenset({"plane_year", "seats", "plane_type", "manufacturer", "plane_model", "engine"})
_WORDS: Final = {
    "period": "Flights of January to March, joined with the weather at departure and the aeroplane.",
    "labelled": "Those whose end is known: cancelled and diverted flights have no answer to learn from.",
    "training": "To learn from.",
    "validation": "To choose by.",
    "holdout": "Sealed: for the final evaluation.",
}
_VERSION: Final = """query ($dataset: String!, $digest: String!) { datasetVersion(dataset: $dataset, digest: $digest) {
  profiled revision parents { dataset } code { version } features { name } splits { dataset } sealed
  checks { representation { column } overlaps { left { dataset } right { dataset } } } } }"""
_OTHERS: Final = """query { projects(first: 100) { nodes { name projectId } } models(first: 100) { nodes { name } }
      insights(words: "flight delay late", first: 20) { nodes { title } } }"""
_SOURCE: Final = "query ($name: String!) { dataSource(name: $name) { name } }"
_INSIGHTS: Final = "query { insights(first: 100) { nodes { title } } }"


class _Detail(msgspec.Struct):
    message: str = ""
    fix: str | None = None
    code: str = ""


class _Refusal(msgspec.Struct):
    error: _Detail


async def describe_source(colleague: Colleague) -> None:
    """The source of all tables, unless it is known."""
    known = await colleague.ask(_SOURCE, name=words.SOURCE)
    if known["dataSource"] is None:
        await colleague.do("describeSource", {"source": words.SOURCE, **words.SOURCE_FIELDS}, fine=("ALREADY_EXISTS",))
        colleague.say(f"describes the source {words.SOURCE}: CC0, its owner, no personal data")


async def register(colleague: Colleague, registry: str, manifest: Manifest) -> None:
    """All tables of a period with their profiles, features and splits; what is registered already is left alone.

    registry: its address.
    """
    for part, table in manifest.tables.items():
        known = await _version(colleague, table)
        parent = manifest.tables.get(_PARENT.get(part, ""))
        if known is None or not known["profiled"]:
            await _upload(colleague, registry, table, part, parent)
            colleague.say(f"registers {table.dataset}: {table.rows:,} rows, with its profile")
        if known is None or known["code"] is None:
            await _say_code(colleague, table, manifest.code)
    await _features(colleague, manifest.tables["labelled"])
    await _splits(colleague, manifest)


async def _version(colleague: Colleague, table: Table) -> dict[str, Any] | None:
    found = await colleague.ask(_VERSION, dataset=table.dataset, digest=table.digest)
    version: dict[str, Any] | None = found["datasetVersion"]
    return version


async def _upload(colleague: Colleague, registry: str, table: Table, part: str, parent: Table | None) -> None:
    params: dict[str, str | Sequence[str]] = {
        "format": "parquet",
        "filename": Path(table.file).name,
        "keys": ID,
        "target": LABEL,
        "sources": words.SOURCE,
        "description": _WORDS[part],
    }
    if parent is not None:
        params["parents"] = f"{parent.dataset}@{parent.digest}"
    url = f"{registry}/lifecycle/datasets/{table.dataset}"
    answer = await colleague.http.post(url, params=params, content=_chunks(Path(table.file)))
    if not answer.is_success:
        try:
            told = msgspec.json.decode(answer.content, type=_Refusal).error
        except msgspec.MsgspecError:
            told = _Detail(answer.text[:200])
        raise StepRefused(
            f"The registry refused {table.dataset} with status {answer.status_code}: {told.message}",
            told.fix or "Look at the registry's log.",
            told.code,
        )


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk


async def _say_code(colleague: Colleague, table: Table, code: str) -> None:
    made_by = {"version": code, "entryPoint": "python -m deploy.demo.story.tables"}
    await colleague.do("registerDataset", {"dataset": table.dataset, "digest": table.digest, "code": made_by})


async def _features(colleague: Colleague, table: Table) -> None:
    version = await _version(colleague, table)
    if version is None or version["features"]:
        return
    kept = [{"name": name, "origin": origin(name), "atInference": True} for name in FEATURES]
    dropped = [
        {"name": name, "origin": "flights", "atInference": name != "dep_delay", "droppedBecause": why}
        for name, why in words.DROPPED.items()
    ]
    await colleague.do(
        "describeFeatures",
        {"dataset": table.dataset, "digest": table.digest, "features": kept + dropped, "target": LABEL},
    )
    colleague.say(f"describes {len(kept)} features with their origin, and why {', '.join(words.DROPPED)} were dropped")


def origin(feature: str) -> str:
    """Which of the source's tables a feature comes from, and how."""
    if feature in WEATHER:
        return "weather: the hour's report at the airport of departure"
    if feature in _AEROPLANE:
        return "planes: by tail number"
    if feature == "sched_dep_minute":
        return "flights: scheduled departure, 60 times the hour plus the minute"
    return f"flights: {'as it is' if feature in CATEGORICAL else 'miles'}"


async def _splits(colleague: Colleague, manifest: Manifest) -> None:
    whole = manifest.tables["labelled"]
    version = await _version(colleague, whole)
    if version is None or version["splits"]:
        return
    splits = [
        {
            "role": role,
            "dataset": manifest.tables[part].dataset,
            "digest": manifest.tables[part].digest,
            "name": part,
            "rows": manifest.tables[part].rows,
            "sealed": part == "holdout",
        }
        for part, role in _SPLITS
    ]
    await colleague.do("recordSplits", {"dataset": whole.dataset, "digest": whole.digest, "splits": splits})
    colleague.say(f"splits {whole.dataset} and seals {manifest.tables['holdout'].rows:,} rows for the final evaluation")


async def check(colleague: Colleague, manifest: Manifest) -> None:
    """Are the airports there as in the whole year, and does no flight stand on two sides?"""
    whole, training = manifest.tables["labelled"], manifest.tables["training"]
    version = await _version(colleague, whole)
    if not _checked(version, "representation"):
        payload = await colleague.do(
            "checkRepresentation",
            {
                "dataset": whole.dataset,
                "digest": whole.digest,
                "column": "origin",
                "expected": figures(manifest.origins),
                "population": "all 336,776 departures of 2013",
            },
            "check { outcome }",
        )
        colleague.say(f"checks the airports against the whole year: {payload['check']['outcome'].lower()}")
    version = await _version(colleague, training)
    done = {entry[side]["dataset"] for entry in _checked(version, "overlaps") for side in ("left", "right")}
    for part in ("validation", "holdout"):
        other = manifest.tables[part]
        if other.dataset in done:
            continue
        keys = {"left": key(training), "right": key(other), "byKey": True}
        payload = await colleague.do("checkOverlap", keys, "check { shared outcome }")
        colleague.say(f"compares training and {part}: {payload['check']['shared']} flights in both")


def _checked(version: Mapping[str, Any] | None, kind: str) -> list[dict[str, Any]]:
    checks = (version or {}).get("checks") or {}
    found: list[dict[str, Any]] = checks.get(kind) or []
    return found


async def say_parents(colleague: Colleague, training: Table, samples: Sequence[tuple[str, str]]) -> None:
    """Tells the registry that what the runs drew from the training rows was made of them."""
    for dataset, digest in samples:
        known = (await colleague.ask(_VERSION, dataset=dataset, digest=digest))["datasetVersion"]
        if known is not None and not known["parents"]:
            made_of = {"dataset": dataset, "digest": digest, "origin": "MLFLOW", "parents": [key(training)]}
            await colleague.do("registerDataset", made_of)


async def write_insights(colleague: Colleague, notes: Sequence[tuple[str, str, Sequence[tuple[str, str]]]]) -> None:
    """Title, text and links (kind and id) of each; one that is there under its title isn't written again."""
    known = {note["title"] for note in (await colleague.ask(_INSIGHTS))["insights"]["nodes"]}
    for title, text, links in notes:
        if title in known:
            continue
        about = [{"kind": kind, "id": what} for kind, what in links]
        await colleague.do("writeInsight", {"title": title, "text": text, "links": about})
        colleague.say(f"notes “{title}”")


async def search_before(colleague: Colleague, project_id: str) -> None:
    """Looks for what others did already, and notes what was found."""
    found = await colleague.ask(_OTHERS)
    others = [project for project in found["projects"]["nodes"] if project["projectId"] != project_id]
    models = [model["name"] for model in found["models"]["nodes"] if model["name"] != MODEL]
    text = (
        f"Searched before starting: {len(others)} other projects ({_listed([one['name'] for one in others])}), "
        f"{len(models)} models ({_listed(models)}), {len(found['insights']['nodes'])} notes about late flights. "
        + ("Looked at those before starting." if others or models else "None predicts delays: worth starting.")
    )
    links = [("model", MODEL), *(("project", one["projectId"]) for one in others)]
    await write_insights(colleague, [("Nobody has tried this before", text, links)])


def figures(values: Mapping[str, float]) -> list[dict[str, object]]:
    """Named figures as the gateway takes them."""
    return [{"key": name, "value": value} for name, value in values.items()]


def key(table: Table) -> dict[str, str]:
    """A dataset version as the gateway names it."""
    return {"dataset": table.dataset, "digest": table.digest}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) if names else "none"
