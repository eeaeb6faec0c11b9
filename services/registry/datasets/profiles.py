"""Keeps, shows and compares profiles, and checks versions by them and by their row digests."""

from __future__ import annotations

import msgspec
from bson import Binary

from services.contracts.datasets import DatasetKey
from services.contracts.errors import Conflict, Invalid, NotFound
from services.contracts.identity import Action, require
from services.contracts.profiles import (
    COLUMNS_PER_MESSAGE,
    MAX_PROFILE_COLUMNS,
    CheckOutcome,
    CheckOverlap,
    CheckRepresentation,
    CompareProfiles,
    DatasetChecksView,
    DatasetDerived,
    GetDatasetChecks,
    GetProfile,
    OverlapChecked,
    OverlapView,
    Profile,
    ProfileComparison,
    ProfileView,
    RecordProfile,
    RecordRowDigests,
    RepresentationChecked,
    RepresentationView,
)
from services.contracts.written import Written
from services.registry.brevity import cut
from services.registry.clock import Now
from services.registry.datasets import checks, comparing
from services.registry.datasets import version as rules
from services.registry.datasets.registered import (
    CHECKS,
    COLUMNS,
    DIGESTS,
    PROFILES,
    VERSIONS,
    MongoProfiles,
    digests_id,
    packed,
    unpacked,
)
from services.registry.datasets.version import NAMED_IN_EVENT, Version
from services.registry.datasets.versions import DatasetVersions
from services.registry.documents import save
from services.registry.once import once
from services.registry.runs.times import moment
from services.runtime.context import Context
from services.runtime.outbox import Change, Outbox

_REPRESENTATION, _OVERLAP = "representation", "overlap"


class Profiles:
    def __init__(self, outbox: Outbox, store: MongoProfiles, versions: DatasetVersions, now: Now) -> None:
        self._outbox = outbox
        self._store = store
        self._versions = versions
        self._now = now

    # ------------------------------------------------------------ recording

    async def record(self, request: RecordProfile, context: Context) -> Written:
        """Part by part; complete with the last one. Raises Invalid for parts that don't fit together."""
        require(context.principal, Action.RECORD_RUNS)
        _check(request)
        result: Written | None = None

        async def attempt() -> Change:
            nonlocal result
            version = await self._versions.get(request.dataset, request.digest)
            change = Change(context, "record_profile")
            self._keep_part(change, version, request)
            after = await self._complete(change, version, request) if request.last else version
            result = Written(id=version.id, revision=after.revision)
            return change

        await self._outbox.retrying(attempt)
        assert result is not None
        return result

    def _keep_part(self, change: Change, version: Version, request: RecordProfile) -> None:
        columns = request.profile.columns
        if request.start == 0:
            change.delete_many(COLUMNS, {"version": version.id, "start": {"$gt": 0}})
        document = {
            "version": version.id,
            "start": request.start,
            "end": request.start + len(columns),
            "names": [column.name for column in columns],
            "data": packed(columns),
        }
        change.upsert(COLUMNS, {"_id": f"{version.id}|{request.start:05d}"}, {"$set": document})

    async def _complete(self, change: Change, before: Version, request: RecordProfile) -> Version:
        earlier = [] if request.start == 0 else await self._store.columns(before.id)
        columns = [*earlier[: request.start], *request.profile.columns]
        if len(columns) != request.profile.column_count or len(columns) != request.start + len(request.profile.columns):
            raise Invalid(
                f"{len(columns)} of {request.profile.column_count} columns have come", field="start", fix="Start again."
            )
        whole = msgspec.structs.replace(request.profile, columns=columns)
        header = msgspec.structs.replace(request.profile, columns=[])
        now = self._now()
        change.upsert(PROFILES, {"_id": before.id}, {"$set": {"data": packed(header), "at": now}})
        after, event = rules.profiled(
            before,
            rows=whole.rows,
            columns=len(columns),
            missing=whole.missing_cells,
            outliers=comparing.outliers(whole),
            outliers_approximate=comparing.outliers_approximate(whole),
            target=whole.target,
            now=now,
        )
        change.emit(event, after.v)
        for parent in before.parents[:NAMED_IN_EVENT]:
            other = await self._profile(f"{parent.dataset}@{parent.digest}")
            if other is not None:
                after = self._derived(change, after, parent, other, whole)
        save(change, VERSIONS, before, after)
        for child in await self._versions.children(before.id):
            other = None if child.id == before.id else await self._profile(child.id)
            if other is not None:
                save(change, VERSIONS, child, self._derived(change, child, before.key, whole, other))
        return after

    def _derived(self, change: Change, child: Version, parent: DatasetKey, before: Profile, after: Profile) -> Version:
        """Tells how a version differs from the one that it was made of."""
        found = comparing.compared((parent, before), (child.key, after), COLUMNS_PER_MESSAGE)
        told = msgspec.structs.replace(child, v=child.v + 1)
        event = DatasetDerived(
            dataset=child.dataset,
            digest=child.digest,
            parent=parent,
            rows=found.rows,
            missing_cells=found.missing_cells,
            outliers=found.outliers,
            duplicate_rows=found.duplicate_rows,
            inconsistent=[cut(words) for words in comparing.inconsistent(found)][:NAMED_IN_EVENT],
        )
        change.emit(event, told.v)
        return told

    async def record_digests(self, request: RecordRowDigests, context: Context) -> Written:
        require(context.principal, Action.RECORD_RUNS)
        digests = checks.digests_in(request.digests, complete=request.complete)
        version = await self._versions.get(request.dataset, request.digest)
        change = Change(context, "record_row_digests")
        document = {"digests": Binary(digests.astype("<u8").tobytes()), "complete": request.complete}
        change.upsert(DIGESTS, {"_id": digests_id(version.id, by_key=request.by_key)}, {"$set": document})
        await self._outbox.commit(change)
        return Written(id=version.id, revision=version.revision)

    # ------------------------------------------------------------ showing

    async def get(self, request: GetProfile, context: Context) -> ProfileView | None:
        require(context.principal, Action.READ)
        if not 1 <= request.first <= MAX_PROFILE_COLUMNS or request.start < 0:
            raise Invalid(f"between 1 and {MAX_PROFILE_COLUMNS} columns", field="first")
        version = await self._versions.get(request.dataset, request.digest)
        header = await self._store.header(version.id)
        if header is None:
            return None
        profile, at = header
        if request.columns is None:
            columns, more = await self._store.some_columns(version.id, request.start, request.first)
        else:
            columns, more = await self._store.columns(version.id, request.columns[:COLUMNS_PER_MESSAGE]), False
        return ProfileView(
            dataset=version.dataset,
            digest=version.digest,
            profiled_at=moment(at),
            profile=msgspec.structs.replace(profile, columns=columns),
            has_more=more,
        )

    async def compare(self, request: CompareProfiles, context: Context) -> ProfileComparison:
        require(context.principal, Action.READ)
        if not 1 <= request.first <= COLUMNS_PER_MESSAGE:
            raise Invalid(f"between 1 and {COLUMNS_PER_MESSAGE} columns", field="first")
        sides = [
            await self._required(await self._versions.get(key.dataset, key.digest))
            for key in (request.before, request.after)
        ]
        return comparing.compared(sides[0], sides[1], request.first)

    async def _required(self, version: Version) -> tuple[DatasetKey, Profile]:
        profile = await self._profile(version.id)
        if profile is None:
            raise NotFound(f"{version.id} has no profile", field="digest", fix="Make one: lifecycle dataset add FILE.")
        return version.key, profile

    async def _profile(self, version_id: str) -> Profile | None:
        header = await self._store.header(version_id)
        if header is None:
            return None
        return msgspec.structs.replace(header[0], columns=await self._store.columns(version_id))

    # ------------------------------------------------------------ checks

    async def check_representation(self, request: CheckRepresentation, context: Context) -> RepresentationView:
        require(context.principal, Action.RECORD_RUNS)
        checks.check_expected(request.expected, request.least_ratio)

        async def decide() -> tuple[Change, RepresentationView]:
            version = await self._versions.get(request.dataset, request.digest)
            columns = await self._store.columns(version.id, [request.column])
            if not columns:
                raise NotFound(f"there is no profile of the column {request.column!r}", field="column")
            groups = checks.groups(columns[0], request.expected, request.least_ratio)
            absent = [group.group for group in groups if group.verdict == "missing"]
            under = [group.group for group in groups if group.verdict == "under"]
            outcome: CheckOutcome = "bad" if absent or under else "good"
            now = self._now()
            view = RepresentationView(
                dataset=version.dataset,
                digest=version.digest,
                column=request.column,
                outcome=outcome,
                groups=groups,
                least_ratio=request.least_ratio,
                source=request.population,
                at=moment(now),
            )
            after = msgspec.structs.replace(version, v=version.v + 1)
            change = Change(context, "check_representation")
            save(change, VERSIONS, version, after)
            self._keep_check(change, version, _REPRESENTATION, request.column, view, now)
            event = RepresentationChecked(
                dataset=version.dataset,
                digest=version.digest,
                column=cut(request.column),
                outcome=outcome,
                missing=[cut(group) for group in absent][:NAMED_IN_EVENT],
                under_represented=[cut(group) for group in under][:NAMED_IN_EVENT],
            )
            change.emit(event, after.v)
            return change, view

        return await once(self._outbox, request, context, decide)

    async def check_overlap(self, request: CheckOverlap, context: Context) -> OverlapView:
        require(context.principal, Action.RECORD_RUNS)

        async def decide() -> tuple[Change, OverlapView]:
            left = await self._versions.get(request.left.dataset, request.left.digest)
            right = await self._versions.get(request.right.dataset, request.right.digest)
            if left.id == right.id:
                raise Invalid("a version shares all rows with itself", field="right")
            if request.by_key:
                checks.overlap_columns(left.keys, right.keys, by_key=True)
            else:
                names = [[column.name for column in side.columns] for side in (left, right)]
                checks.overlap_columns(*names, by_key=False)
            shared = checks.Shared(
                await self._digests(left, by_key=request.by_key), await self._digests(right, by_key=request.by_key)
            )
            outcome: CheckOutcome = "bad" if shared.count else "good"
            view = OverlapView(
                left=left.key,
                right=right.key,
                by_key=request.by_key,
                left_distinct=shared.left,
                right_distinct=shared.right,
                shared=shared.count,
                share=shared.share,
                approximate=shared.approximate,
                low=shared.low,
                high=shared.high,
                outcome=outcome,
            )
            after = msgspec.structs.replace(left, v=left.v + 1)
            change = Change(context, "check_overlap")
            save(change, VERSIONS, left, after)
            self._keep_check(change, left, _OVERLAP, f"{right.id}|{request.by_key}", view, self._now())
            event = OverlapChecked(
                dataset=left.dataset,
                digest=left.digest,
                other=right.key,
                by_key=request.by_key,
                shared=shared.count,
                approximate=shared.approximate,
                outcome=outcome,
            )
            change.emit(event, after.v)
            return change, view

        return await once(self._outbox, request, context, decide)

    async def _digests(self, version: Version, *, by_key: bool) -> tuple[checks.Digests, bool]:
        found = await self._store.digests(version.id, by_key=by_key)
        if found is None:
            raise Conflict(
                f"the {'keys' if by_key else 'rows'} of {version.id} weren't digested",
                code="NOT_DIGESTED",
                field="right",
                fix="Read the file itself: lifecycle dataset add FILE" + (" --key COLUMN." if by_key else "."),
            )
        return checks.digests_in(found[0], complete=found[1]), found[1]

    def _keep_check(
        self, change: Change, version: Version, kind: str, about: str, view: msgspec.Struct, now: int
    ) -> None:
        document = {"version": version.id, "kind": kind, "data": packed(view), "at": now}
        change.upsert(CHECKS, {"_id": f"{version.id}|{kind}|{about}"}, {"$set": document})

    async def checks_of(self, request: GetDatasetChecks, context: Context) -> DatasetChecksView:
        require(context.principal, Action.READ)
        version = await self._versions.get(request.dataset, request.digest)
        rows = await self._store.checks(version.id)
        return DatasetChecksView(
            representation=[unpacked(data, RepresentationView) for kind, data in rows if kind == _REPRESENTATION],
            overlaps=[unpacked(data, OverlapView) for kind, data in rows if kind == _OVERLAP],
        )


def _check(request: RecordProfile) -> None:
    profile = request.profile
    if len(profile.columns) > COLUMNS_PER_MESSAGE:
        raise Invalid(f"at most {COLUMNS_PER_MESSAGE} columns in one part", field="profile.columns")
    if not 0 <= request.start <= MAX_PROFILE_COLUMNS or profile.column_count > MAX_PROFILE_COLUMNS:
        raise Invalid(f"at most {MAX_PROFILE_COLUMNS} columns", field="start")
    if profile.rows < 0 or profile.missing_cells < 0 or any(c.missing > c.rows for c in profile.columns):
        raise Invalid("a column has more missing values than rows", field="profile")
    if any(len(c.counts) != max(len(c.edges) - 1, 0) for c in profile.columns):
        raise Invalid("a histogram has one edge more than counts", field="profile.columns")
