"""Arguments that several fields take."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from services.contracts.errors import Invalid

MAX_WINDOWS = 1_000
DEFAULT_WINDOWS = 100

LastWindows = Annotated[
    int | None,
    strawberry.argument(
        description=f"The newest so many windows, 1 to {MAX_WINDOWS}; if neither this nor `most` is said, "
        f"{DEFAULT_WINDOWS}."
    ),
]
MostColumns = Annotated[
    int | None,
    strawberry.argument(
        description=f"All windows of the time, merged into at most so many columns, 1 to {MAX_WINDOWS}, of a usual "
        "width (minutes, hours, days, weeks) if there are more of them."
    ),
]
Against = Annotated[
    str | None,
    strawberry.argument(
        description="Shows drift against `previous` (the window before), `weekday` (the same time in the four weeks "
        "before), `month` (the same calendar month a year before), `year` (52 weeks before) or a reference by its "
        "name; against the one in force if unsaid."
    ),
]
Features = Annotated[
    list[str] | None, strawberry.argument(description="Only these features; all if unsaid, none for an empty list.")
]
Start = Annotated[datetime | None, strawberry.argument(description="Only what is at or after this moment.")]
End = Annotated[datetime | None, strawberry.argument(description="Only what is before this moment.")]
AsOf = Annotated[datetime | None, strawberry.argument(description="As it was at this moment; as it is now if unsaid.")]
Resolution = Annotated[int | None, strawberry.argument(description="Merge windows into coarser ones of this length.")]
ModelName = Annotated[str, strawberry.argument(description="The model's name.")]
VersionNumber = Annotated[str, strawberry.argument(description="The version's number.")]
SomeModelName = Annotated[str | None, strawberry.argument(description="Only of this model.")]
SomeVersionNumber = Annotated[str | None, strawberry.argument(description="Only of this version; needs `model`.")]
NameContains = Annotated[
    str | None, strawberry.argument(description="Only those whose name contains this text, whatever its case.")
]


def checked_last(last: int | None, most: int | None = None) -> int | None:
    """How many windows to ask for; None for all where `most` bounds the columns. Raises `Invalid` outside of 1 to
    `MAX_WINDOWS`."""
    for name, asked in (("last", last), ("most", most)):
        if asked is not None and not 1 <= asked <= MAX_WINDOWS:
            raise Invalid(f"`{name}` is {asked}", field=name, fix=f"Ask for 1 to {MAX_WINDOWS} windows.")
    return DEFAULT_WINDOWS if last is None and most is None else last


def checked_resolution(seconds: int | None) -> int | None:
    """Raises `Invalid` unless it is a positive number of seconds."""
    if seconds is not None and seconds < 1:
        raise Invalid(f"`resolutionSeconds` is {seconds}", field="resolutionSeconds", fix="Give a positive length.")
    return seconds
