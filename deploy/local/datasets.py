"""`lifecycle dataset`: profiles files where they lie, and asks the registry about datasets."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from deploy.local.problems import Problem
from deploy.local.tokens import State, ask
from services.contracts.datasets import (
    DIGEST_LENGTH,
    Code,
    DatasetKey,
    DatasetVersionView,
    DescribeSource,
    GetDatasetVersions,
    ListDatasets,
    RecordSplits,
    RegisterDataset,
    Split,
    SplitRole,
)
from services.contracts.errors import LifecycleError
from services.contracts.paging import MAX_PAGE, Paging
from services.contracts.profiles import (
    COLUMNS_PER_MESSAGE,
    CheckOverlap,
    CheckRepresentation,
    CompareProfiles,
    Profile,
    RecordProfile,
    RecordRowDigests,
)
from services.runtime.bus import Bus
from services.runtime.context import Context

if TYPE_CHECKING:  # pyarrow takes its time: only `add` waits for it
    from services.profiling.reading import Format, Profiled

BAD = 1
"""Exit code of a check that found something."""
PART_BYTES = 400_000
"""Of a profile in one message; NATS carries 1 MB."""
SECONDS = 120.0

app = typer.Typer(no_args_is_help=True, help="Datasets: profiles, versions, splits and checks.")
console = Console(highlight=False)

Many = list[str] | None


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="CSV (also .gz), Parquet or Arrow.")],
    name: Annotated[str | None, typer.Option(help="The dataset's name. [default: the file's]")] = None,
    form: Annotated[str | None, typer.Option("--format", help="csv, parquet or arrow. [default: found out]")] = None,
    description: Annotated[str, typer.Option(help="What it is.")] = "",
    source: Annotated[Many, typer.Option(help="A source it comes from. Repeatable.")] = None,
    parent: Annotated[Many, typer.Option(help="A version it was made of, NAME@DIGEST. Repeatable.")] = None,
    key: Annotated[Many, typer.Option(help="A column that identifies a row. Repeatable.")] = None,
    target: Annotated[str | None, typer.Option(help="The column to be predicted.")] = None,
    code: Annotated[str | None, typer.Option(help="The commit that made it. [default: the repository's here]")] = None,
    script: Annotated[str, typer.Option(help="The script or notebook that made it.")] = "",
    location: Annotated[str | None, typer.Option(help="Where others find it. [default: the file's path]")] = None,
    state: State = None,
) -> None:
    """Profile FILE here, in memory that doesn't grow with it, and register it as a version of a dataset."""
    parents = [key_of(text) for text in parent or []]
    found, form_, sha256 = _read(file, form, key or [], target)
    request = RegisterDataset(
        dataset=name or file.name.split(".")[0],
        digest=sha256[:DIGEST_LENGTH],
        description=description,
        location=location if location is not None else str(file.resolve()),
        format=form_,
        sha256=sha256,
        rows=found.profile.rows,
        size=file.stat().st_size,
        columns=found.fields,
        parents=parents,
        sources=source or [],
        code=Code(version=code if code is not None else _commit(), entry_point=script),
        keys=key or [],
        target=target,
    )
    view = ask(state, lambda bus, context: _register(bus, context, request, found), SECONDS)
    profile = found.profile
    console.print(f"{view.dataset} version {view.number}, digest {view.digest}", markup=False)
    console.print(
        f"{profile.rows} rows, {profile.column_count} columns, {profile.missing_cells} missing cells, "
        f"{profile.duplicate_rows} duplicate rows{' (about)' if profile.duplicates_approximate else ''}"
    )


def _read(file: Path, form: str | None, keys: list[str], target: str | None) -> tuple[Profiled, Format, str]:
    from services.profiling.reading import FORMATS, format_of, profiled, sha256_of

    if not file.is_file():
        raise Problem(f"There is no file {str(file)!r}.", "Name a CSV, Parquet or Arrow file.")
    if form is not None and form not in FORMATS:
        raise Problem(f"{form!r} is no format of tables.", f"Use one of: {', '.join(FORMATS)}.")
    size = file.stat().st_size
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            stated: list[Format] = [known for known in FORMATS if known == form]
            chosen = stated[0] if stated else format_of(file)
            hashing = progress.add_task("digest", total=size)
            sha256 = sha256_of(file, lambda _, read: progress.update(hashing, completed=read))
            reading = progress.add_task("profile", total=size)
            found = profiled(
                file, chosen, keys=keys, target=target,
                progress=lambda rows, read: progress.update(
                    reading, completed=min(read, size), description=f"profile, {rows} rows"
                ),
            )  # fmt: skip
    except LifecycleError as error:
        raise Problem(error.message, error.fix or "See lifecycle dataset add --help.") from error
    return found, chosen, sha256


async def _register(bus: Bus, context: Context, request: RegisterDataset, found: Profiled) -> DatasetVersionView:
    view = await bus.request(request, context)
    for by_key, sketch in ((False, found.rows), (True, found.keys)):
        if sketch is not None:
            digests = RecordRowDigests(
                dataset=view.dataset,
                digest=view.digest,
                by_key=by_key,
                digests=sketch.kept.astype("<u8").tobytes(),
                complete=sketch.complete,
            )
            await bus.request(digests, context)
    for start, part, last in parts(found.profile):
        recorded = RecordProfile(dataset=view.dataset, digest=view.digest, profile=part, start=start, last=last)
        await bus.request(recorded, context, timeout=30)
    return view


def parts(profile: Profile) -> list[tuple[int, Profile, bool]]:
    """The profile in messages that NATS carries: first column, part, and whether it is the last."""
    groups: list[list[int]] = [[]]
    size = 0
    for number, column in enumerate(profile.columns):
        weight = len(msgspec.msgpack.encode(column))
        if groups[-1] and (size + weight > PART_BYTES or len(groups[-1]) == COLUMNS_PER_MESSAGE):
            groups.append([])
            size = 0
        groups[-1].append(number)
        size += weight
    return [
        (
            group[0] if group else 0,
            msgspec.structs.replace(profile, columns=[profile.columns[number] for number in group]),
            group is groups[-1],
        )
        for group in groups
    ]


@app.command("list")
def list_datasets(
    contains: Annotated[str | None, typer.Argument(help="Part of the name.")] = None, state: State = None
) -> None:
    """Show the datasets with their newest versions."""
    request = ListDatasets(paging=Paging(first=MAX_PAGE), name_contains=contains)
    page = ask(state, lambda bus, context: bus.request(request, context, timeout=30), SECONDS)
    table = Table(Column("newest version", no_wrap=True), "of", "rows", "columns", "profile", "updated")
    for edge in page.edges:
        one = edge.node
        cells = (f"{one.name}@{one.digest}", str(one.versions), str(one.rows or ""), str(one.columns or ""))
        table.add_row(*map(Text, cells), "yes" if one.profiled else "", f"{one.updated_at:%Y-%m-%d}")
    console.print(table)


@app.command()
def show(version: Annotated[str, typer.Argument(help="NAME, or NAME@DIGEST.")], state: State = None) -> None:
    """Show one version: what it is made of, who uses it, its columns."""
    request = GetDatasetVersions(keys=[key_of(version)])
    [view] = ask(state, lambda bus, context: bus.request(request, context, timeout=30), SECONDS)
    if view is None:
        raise Problem(f"There is no dataset version {version!r}.", "See lifecycle dataset list.")
    for label, value in (
        ("dataset", f"{view.dataset}, version {view.number}"),
        ("digest", view.digest),
        ("where", view.location),
        ("rows", view.rows),
        ("made of", ", ".join(f"{key.dataset}@{key.digest}" for key in view.parents)),
        ("sources", ", ".join(view.sources)),
        ("code", view.code.version if view.code else ""),
        ("target", view.target),
        ("splits", ", ".join(f"{split.role} {split.dataset}@{split.digest}" for split in view.splits)),
        ("sealed", f"yes, used {view.sealed_uses} times" if view.sealed else ""),
        ("used by runs", view.uses),
        ("columns", ", ".join(f"{field.name} {field.type}" for field in view.columns)),
    ):
        if value not in (None, ""):
            console.print(Text(f"{label:13} {value}"), soft_wrap=True)


@app.command()
def source(
    name: Annotated[str, typer.Argument(help="The source's name.")],
    owner: Annotated[str, typer.Option(help="Who answers for it.")] = "",
    licence: Annotated[str, typer.Option(help="Under which terms.")] = "",
    legal_basis: Annotated[str, typer.Option(help="Why it may be used.")] = "",
    personal_data: Annotated[
        str, typer.Option(help="none, anonymised, pseudonymised, personal or sensitive.")
    ] = "none",
    protection: Annotated[str, typer.Option(help="How personal data are protected.")] = "",
    refresh: Annotated[str, typer.Option(help="How often it changes.")] = "",
    location: Annotated[str, typer.Option(help="Where it lies.")] = "",
    expected: Annotated[int | None, typer.Option(help="The revision to change. [default: a new source]")] = None,
    state: State = None,
) -> None:
    """Describe where data come from."""
    try:
        request = msgspec.convert(
            {
                "source": name, "owner": owner, "licence": licence, "legal_basis": legal_basis,
                "personal_data": personal_data, "protection": protection, "refresh": refresh, "location": location,
                "expected": expected,
            },
            DescribeSource,
        )  # fmt: skip
    except msgspec.ValidationError as error:
        raise Problem(str(error), "See lifecycle dataset source --help.") from error
    written = ask(state, lambda bus, context: bus.request(request, context, timeout=30), SECONDS)
    console.print(f"{written.id}, revision {written.revision}", markup=False)


@app.command()
def split(
    version: Annotated[str, typer.Argument(help="The whole: NAME, or NAME@DIGEST.")],
    train: Annotated[str | None, typer.Option(help="The version with its rows.")] = None,
    validation: Annotated[str | None, typer.Option(help="The version with its rows.")] = None,
    test: Annotated[str | None, typer.Option(help="The version with its rows.")] = None,
    seal: Annotated[bool, typer.Option("--seal", help="The test split is for the final evaluation only.")] = False,
    state: State = None,
) -> None:
    """Record which versions are the splits of another. A seal can't be broken again."""
    given: list[tuple[SplitRole, str | None]] = [("train", train), ("validation", validation), ("test", test)]
    keys = {role: key_of(text) for role, text in given if text}
    if not keys:
        raise Problem("No split is named.", "Name at least one: --train NAME@DIGEST.")
    whole = key_of(version)

    async def work(bus: Bus, context: Context) -> int:
        views = await bus.request(GetDatasetVersions(keys=[whole, *keys.values()]), context)
        for key, view in zip([whole, *keys.values()], views, strict=True):
            if view is None:
                raise Problem(f"There is no version {key.dataset}@{key.digest}.", "See lifecycle dataset list.")
        found = [view for view in views if view is not None]
        splits = [
            Split(role=role, dataset=part.dataset, digest=part.digest, rows=part.rows, sealed=seal and role == "test")
            for role, part in zip(keys, found[1:], strict=True)
        ]
        request = RecordSplits(dataset=found[0].dataset, digest=found[0].digest, splits=splits)
        return (await bus.request(request, context)).revision

    console.print(f"Recorded, revision {ask(state, work, SECONDS)}.")


@app.command()
def compare(
    before: Annotated[str, typer.Argument(help="NAME@DIGEST.")],
    after: Annotated[str, typer.Argument(help="NAME@DIGEST.")],
    state: State = None,
) -> None:
    """Show what changed between two versions."""
    request = CompareProfiles(before=key_of(before), after=key_of(after))
    found = ask(state, lambda bus, context: bus.request(request, context, timeout=30), SECONDS)
    for words in found.words:
        console.print(Text(words))
    table = Table("column", "what changed")
    for column in found.columns:
        if column.words:
            table.add_row(Text(column.name), Text("; ".join(column.words)))
    if table.row_count:
        console.print(table)


@app.command()
def overlap(
    left: Annotated[str, typer.Argument(help="NAME@DIGEST.")],
    right: Annotated[str, typer.Argument(help="NAME@DIGEST.")],
    by_key: Annotated[bool, typer.Option("--by-key", help="Compare the keys, not whole rows.")] = False,
    state: State = None,
) -> None:
    """Say whether two versions share rows. Exit code 1 if they do."""
    request = CheckOverlap(left=key_of(left), right=key_of(right), by_key=by_key)
    found = ask(state, lambda bus, context: bus.request(request, context, timeout=30), SECONDS)
    about = f" (about; {found.low} to {found.high})" if found.approximate else ""
    what = "keys" if by_key else "rows"
    console.print(f"{found.shared}{about} shared {what}, {found.share:.2%} of the smaller one.")
    raise typer.Exit(BAD if found.outcome == "bad" else 0)


@app.command()
def represents(
    version: Annotated[str, typer.Argument(help="NAME, or NAME@DIGEST.")],
    column: Annotated[str, typer.Option(help="The column with the groups.")],
    expect: Annotated[list[str], typer.Option(help="A group's share in the population, GROUP=0.5. Repeatable.")],
    population: Annotated[str, typer.Option(help="Where the shares come from.")] = "",
    least_ratio: Annotated[float, typer.Option(help="From which part of its share a group is represented.")] = 0.8,
    state: State = None,
) -> None:
    """Say whether all groups of a population are there. Exit code 1 if some are missing or under-represented."""
    key = key_of(version)
    request = CheckRepresentation(
        dataset=key.dataset, digest=key.digest, column=column, expected=shares(expect), least_ratio=least_ratio,
        population=population,
    )  # fmt: skip
    found = ask(state, lambda bus, context: bus.request(request, context, timeout=30), SECONDS)
    table = Table("group", "expected", "found", "rows", "verdict")
    for group in found.groups:
        cells = (group.group, f"{group.expected:.1%}", f"{group.found:.1%}", str(group.rows), group.verdict)
        table.add_row(*map(Text, cells))
    console.print(table)
    raise typer.Exit(BAD if found.outcome == "bad" else 0)


def shares(entries: list[str]) -> dict[str, float]:
    """`["a=0.5"]` → shares. Raises Problem."""
    found: dict[str, float] = {}
    for entry in entries:
        group, equals, share = entry.rpartition("=")
        try:
            found[group] = float(share)
        except ValueError:
            equals = ""
        if not equals:
            raise Problem(f"{entry!r} is no share.", "Write a group and a number, such as --expect women=0.51.")
    return found


def key_of(text: str) -> DatasetKey:
    """`name@digest`, or `name` for its newest version."""
    name, at, digest = text.rpartition("@")
    return DatasetKey(dataset=name, digest=digest) if at else DatasetKey(dataset=text, digest="")


def _commit() -> str:
    """The commit checked out here, if this is a repository."""
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()
