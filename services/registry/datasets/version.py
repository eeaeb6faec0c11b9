"""What a dataset version is and what may be done with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import quote

import msgspec

from services.contracts.datasets import (
    Code,
    DatasetKey,
    DatasetVersionRegistered,
    DatasetVersionView,
    Feature,
    FeaturesDescribed,
    Field,
    Origin,
    RegisterDataset,
    SealedSplitUsed,
    Split,
    SplitsRecorded,
)
from services.contracts.errors import Conflict, Invalid, NotAllowedNow, TooLarge
from services.contracts.profiles import DatasetProfiled
from services.registry.brevity import cut
from services.registry.runs.times import moment
from services.registry.values import Aggregate

NAME_LENGTH = 500
NAME_BYTES = 1500
"""Percent-encoded, because a name is part of its events' subjects."""
TEXT_LENGTH = 10_000
MANY_COLUMNS = 5000
MANY_PARENTS = 100
MANY_FEATURES = 5000
MANY_SPLITS = 20
NAMED_IN_EVENT = 50

T = TypeVar("T")
_DIGEST = re.compile(r"[\w.+=:/\-]{1,64}", re.ASCII)


class Version(Aggregate, frozen=True, kw_only=True):
    """`id` is `name@digest`; times in milliseconds since 1970. `parent_ids` and `split_ids` serve the indexes.

    `profiled` is when its profile became complete, `sealed` since when it is one for the final evaluation only.
    """

    dataset: str
    digest: str
    number: int
    origin: Origin
    created: int
    by: str
    revision: int = 1
    description: str = ""
    location: str = ""
    source_type: str = ""
    format: str = ""
    sha256: str = ""
    rows: int | None = None
    size: int | None = None
    columns: list[Field] = []
    parents: list[DatasetKey] = []
    parent_ids: list[str] = []
    sources: list[str] = []
    code: Code | None = None
    keys: list[str] = []
    target: str | None = None
    features: list[Feature] = []
    splits: list[Split] = []
    split_ids: list[str] = []
    sealed: int | None = None
    experiments: list[str] = []
    profiled: int | None = None

    @property
    def key(self) -> DatasetKey:
        return DatasetKey(dataset=self.dataset, digest=self.digest)


def version_id(key: DatasetKey | Split | RegisterDataset) -> str:
    return f"{key.dataset}@{key.digest}"


def parse_id(text: str) -> DatasetKey:
    """`name@digest` → its parts. Raises Invalid."""
    name, at, digest = text.rpartition("@")
    if not at:
        raise Invalid(f"{text!r} isn't name@digest", field="id")
    return DatasetKey(dataset=name, digest=digest)


def check_name(path: str, name: str) -> None:
    """Raises Invalid for a name that can't be shown or sent."""
    if not name.strip() or name != name.strip() or not name.isprintable():
        raise Invalid(f"{path} is empty, begins or ends with a space, or can't be printed", field=path)
    if len(name) > NAME_LENGTH or len(quote(name)) > NAME_BYTES:
        raise Invalid(f"{path} is longer than {NAME_LENGTH} characters", field=path)


def is_key(name: str, digest: str) -> bool:
    """Whether a dataset that a client names can be a version of its own."""
    try:
        check_name("dataset", name)
    except Invalid:
        return False
    return _DIGEST.fullmatch(digest) is not None


def check_key(key: DatasetKey | Split | RegisterDataset, path: str = "") -> None:
    check_name(f"{path}dataset", key.dataset)
    if not _DIGEST.fullmatch(key.digest):
        raise Invalid("a digest has 1 to 64 letters, digits or . + = : / -", field=f"{path}digest")


def check(request: RegisterDataset) -> None:
    """Raises Invalid, TooLarge."""
    check_key(request)
    for name in ("description", "location", "format", "sha256"):
        if len(getattr(request, name)) > TEXT_LENGTH:
            raise TooLarge(f"{name} has more than {TEXT_LENGTH} characters", field=name)
    if len(request.columns) > MANY_COLUMNS:
        raise TooLarge(f"at most {MANY_COLUMNS} columns", field="columns")
    if len(request.parents) > MANY_PARENTS or len(request.sources) > MANY_PARENTS:
        raise TooLarge(f"at most {MANY_PARENTS} parents and sources", field="parents")
    for number, parent in enumerate(request.parents):
        check_key(parent, f"parents[{number}].")
        if version_id(parent) == version_id(request):
            raise Invalid("a version can't be made of itself", field=f"parents[{number}]")
    if (request.rows or 0) < 0 or (request.size or 0) < 0:
        raise Invalid("rows and size are at least 0", field="rows")
    _check_columns(request.columns, request.keys, request.target)


def _check_columns(columns: Sequence[Field], keys: Sequence[str], target: str | None) -> None:
    names = {column.name for column in columns}
    if len(names) < len(columns):
        raise Invalid("two columns have the same name", field="columns")
    for path, wanted in (("keys", keys), ("target", [] if target is None else [target])):
        absent = [name for name in wanted if names and name not in names]
        if absent:
            raise Invalid(f"there is no column {absent[0]!r}", field=path)


def registered(request: RegisterDataset, number: int, now: int, who: str) -> tuple[Version, DatasetVersionRegistered]:
    """A new version. `request` is checked."""
    version = Version(
        id=version_id(request),
        v=1,
        dataset=request.dataset,
        digest=request.digest,
        number=number,
        origin=request.origin,
        created=now,
        by=who,
        description=request.description,
        location=request.location,
        format=request.format,
        sha256=request.sha256,
        rows=request.rows,
        size=request.size,
        columns=request.columns,
        parents=request.parents,
        parent_ids=[version_id(parent) for parent in request.parents],
        sources=list(dict.fromkeys(request.sources)),
        code=request.code,
        keys=request.keys,
        target=request.target,
    )
    return version, _registered_event(version, who)


def enriched(version: Version, request: RegisterDataset, who: str) -> tuple[Version, DatasetVersionRegistered | None]:
    """A known version with what the request knows besides: nothing that is known is taken away or overwritten."""
    parents = _joined(version.parents, request.parents)
    fuller = msgspec.structs.replace(
        version,
        origin=request.origin if version.origin == "mlflow" else version.origin,
        description=version.description or request.description,
        location=version.location or request.location,
        format=version.format or request.format,
        sha256=version.sha256 or request.sha256,
        rows=request.rows if version.rows is None else version.rows,
        size=request.size if version.size is None else version.size,
        columns=version.columns or request.columns,
        parents=parents,
        parent_ids=[version_id(parent) for parent in parents],
        sources=_joined(version.sources, request.sources),
        code=version.code or request.code,
        keys=version.keys or request.keys,
        target=version.target or request.target,
    )
    if fuller == version:
        return version, None
    _check_columns(fuller.columns, fuller.keys, fuller.target)
    after = msgspec.structs.replace(fuller, v=version.v + 1, revision=version.revision + 1)
    return after, _registered_event(after, who)


def _joined(known: Sequence[T], more: Sequence[T]) -> list[T]:
    return list(dict.fromkeys([*known, *more]))


def _registered_event(version: Version, who: str) -> DatasetVersionRegistered:
    return DatasetVersionRegistered(
        dataset=version.dataset,
        digest=version.digest,
        number=version.number,
        origin=version.origin,
        rows=version.rows,
        columns=len(version.columns) or None,
        size=version.size,
        parents=version.parents[:NAMED_IN_EVENT],
        sources=version.sources[:NAMED_IN_EVENT],
        code_version=cut(version.code.version) if version.code else "",
        run_id=version.code.run_id if version.code else None,
        by=who,
    )


def profiled(
    version: Version,
    *,
    rows: int,
    columns: int,
    missing: int,
    outliers: int,
    outliers_approximate: bool,
    target: str | None,
    now: int,
) -> tuple[Version, DatasetProfiled]:
    target = target or version.target
    after = _next(version, profiled=now, rows=rows if version.rows is None else version.rows, target=target)
    return after, DatasetProfiled(
        dataset=version.dataset,
        digest=version.digest,
        rows=rows,
        columns=columns,
        missing_cells=missing,
        outliers=outliers,
        outliers_approximate=outliers_approximate,
        target=target,
    )


def featured(
    version: Version, features: Sequence[Feature], target: str | None, expected: int | None
) -> tuple[Version, FeaturesDescribed]:
    """Raises Invalid for a feature that is no column, or named twice; Conflict, TooLarge."""
    _require_seen(version, expected)
    if len(features) > MANY_FEATURES:
        raise TooLarge(f"at most {MANY_FEATURES} features", field="features")
    names = [feature.name for feature in features]
    if len(set(names)) < len(names):
        raise Invalid("a feature is named twice", field="features")
    kept = [feature for feature in features if not feature.dropped_because]
    known = {column.name for column in version.columns}
    absent = [feature.name for feature in kept if known and feature.name not in known]
    if absent:
        raise Invalid(
            f"there is no column {absent[0]!r}",
            field="features",
            fix="Say why it was dropped, or register the version that has it.",
        )
    if target is not None and known and target not in known:
        raise Invalid(f"there is no column {target!r}", field="target")
    after = _next(version, features=list(features), target=target or version.target, revision=version.revision + 1)
    return after, FeaturesDescribed(
        dataset=version.dataset,
        digest=version.digest,
        features=len(kept),
        with_origin=sum(bool(feature.origin) for feature in kept),
        not_at_inference=[cut(feature.name) for feature in kept if not feature.at_inference][:NAMED_IN_EVENT],
        dropped=[cut(feature.name) for feature in features if feature.dropped_because][:NAMED_IN_EVENT],
        target=after.target,
    )


def split(version: Version, splits: Sequence[Split], expected: int | None) -> tuple[Version, SplitsRecorded]:
    """Raises NotAllowedNow (SEALED) if a sealed split would be opened or left out; Invalid, Conflict."""
    _require_seen(version, expected)
    if not splits or len(splits) > MANY_SPLITS:
        raise Invalid(f"between 1 and {MANY_SPLITS} splits", field="splits")
    ids = [version_id(part) for part in splits]
    for number, part in enumerate(splits):
        check_key(part, f"splits[{number}].")
        if ids[number] == version.id:
            raise Invalid("a version can't be a split of itself", field=f"splits[{number}]")
        if (part.rows or 0) < 0:
            raise Invalid("rows are at least 0", field=f"splits[{number}].rows")
    if len(set(ids)) < len(ids):
        raise Invalid("a version is named as two splits: they would share every row", field="splits")
    still = {version_id(part) for part in splits if part.sealed}
    opened = [part for part in version.splits if part.sealed and version_id(part) not in still]
    if opened:
        raise NotAllowedNow(
            f"the {opened[0].role} split {version_id(opened[0])} is sealed, and stays so",
            code="SEALED",
            field="splits",
            fix="Register a new version with splits of its own.",
        )
    after = _next(version, splits=list(splits), split_ids=ids, revision=version.revision + 1)
    event = SplitsRecorded(dataset=version.dataset, digest=version.digest, splits=list(splits))
    return after, event


def sealed(version: Version, now: int) -> Version:
    """As it is once a split that it stands for was sealed; no event of its own."""
    return version if version.sealed is not None else msgspec.structs.replace(version, sealed=now)


def sealed_used(version: Version, run_id: str, context: str | None, uses: int) -> tuple[Version, SealedSplitUsed]:
    event = SealedSplitUsed(dataset=version.dataset, digest=version.digest, run_id=run_id, context=context, uses=uses)
    return _next(version), event


def named_in(version: Version, experiment_id: str) -> Version:
    """With the experiment among those whose runs name it."""
    if experiment_id in version.experiments:
        return version
    return msgspec.structs.replace(version, experiments=[*version.experiments, experiment_id][:NAMED_IN_EVENT])


def _require_seen(version: Version, expected: int | None) -> None:
    if expected is not None and expected != version.revision:
        raise Conflict(
            f"the version has changed meanwhile: it is at revision {version.revision}, not {expected}",
            code="CHANGED_MEANWHILE",
            field="expected",
            fix="Load it, look at the change, and try again.",
        )


def _next(version: Version, **changes: object) -> Version:
    return msgspec.structs.replace(version, v=version.v + 1, **changes)


def view(
    version: Version,
    *,
    children: Sequence[DatasetKey] = (),
    split_of: Sequence[DatasetKey] = (),
    uses: int = 0,
    sealed_uses: int = 0,
) -> DatasetVersionView:
    return DatasetVersionView(
        dataset=version.dataset,
        digest=version.digest,
        number=version.number,
        origin=version.origin,
        created_at=moment(version.created),
        by=version.by,
        description=version.description,
        location=version.location,
        source_type=version.source_type,
        format=version.format,
        sha256=version.sha256,
        rows=version.rows,
        size=version.size,
        columns=version.columns,
        parents=version.parents,
        children=list(children),
        sources=version.sources,
        code=version.code,
        keys=version.keys,
        target=version.target,
        features=version.features,
        splits=version.splits,
        split_of=list(split_of),
        sealed=version.sealed is not None,
        sealed_uses=None if version.sealed is None else sealed_uses,
        uses=uses,
        experiments=version.experiments,
        profiled=version.profiled is not None,
        revision=version.revision,
    )
