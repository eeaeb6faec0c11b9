"""Two profiles side by side: what changed, column by column and as a whole. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from services.contracts.datasets import DatasetKey
from services.contracts.profiles import ColumnComparison, ColumnProfile, Profile, ProfileComparison

SCALE = 10.0
"""A column whose spread grew or shrank by this factor, its middle with it, was probably converted to another unit."""
NOTEWORTHY_PSI = 0.1
"""From which a shift is worth words. A convention of credit scoring (Siddiqi 2006), not a test."""
NOTEWORTHY_SHARE = 0.001


def compared(before: tuple[DatasetKey, Profile], after: tuple[DatasetKey, Profile], first: int) -> ProfileComparison:
    """At most `first` columns, those that changed most first."""
    (old_key, old), (new_key, new) = before, after
    olds = {column.name: column for column in old.columns}
    news = {column.name: column for column in new.columns}
    columns = [column_compared(name, olds.get(name), news.get(name)) for name in dict.fromkeys([*olds, *news])]
    columns.sort(key=lambda column: -_weight(column))
    return ProfileComparison(
        before=old_key,
        after=new_key,
        rows=(old.rows, new.rows),
        missing_cells=(old.missing_cells, new.missing_cells),
        outliers=(outliers(old), outliers(new)),
        duplicate_rows=_pair(old.duplicate_rows, new.duplicate_rows),
        columns=columns[:first],
        words=_summary(old, new, columns),
    )


def outliers(profile: Profile) -> int:
    return sum(column.outliers for column in profile.columns)


def outliers_approximate(profile: Profile) -> bool:
    """Whether those of some column are estimated from a sample."""
    return any(column.outliers_approximate for column in profile.columns)


def column_compared(name: str, before: ColumnProfile | None, after: ColumnProfile | None) -> ColumnComparison:
    if before is None or after is None:
        return ColumnComparison(name=name, before=before, after=after, words=["new" if before is None else "gone"])
    psi = stability(before, after)
    type_changed = before.type != after.type
    scale_changed = not type_changed and _scaled(before, after)
    words = []
    if type_changed:
        words.append(f"{before.type} became {after.type}")
    if scale_changed:
        words.append(f"another scale: middle {_middle(before):.4g} → {_middle(after):.4g}")
    old, new = _share(before.missing, before.rows), _share(after.missing, after.rows)
    if abs(new - old) >= NOTEWORTHY_SHARE:
        words.append(f"missing {old:.1%} → {new:.1%}")
    if before.outliers != after.outliers:
        about = "about " if before.outliers_approximate or after.outliers_approximate else ""
        words.append(f"outliers {about}{before.outliers} → {after.outliers}")
    if before.distinct != after.distinct and after.type in ("category", "boolean"):
        words.append(f"different values {before.distinct} → {after.distinct}")
    if psi is not None and psi >= NOTEWORTHY_PSI:
        words.append(f"distribution shifted (PSI {psi:.2f})")
    return ColumnComparison(
        name=name,
        before=before,
        after=after,
        psi=psi,
        type_changed=type_changed,
        scale_changed=scale_changed,
        words=words,
    )


def inconsistent(comparison: ProfileComparison) -> list[str]:
    """Columns whose type or scale isn't their parent's, in words."""
    return [
        f"{column.name}: {column.words[0]}"
        for column in comparison.columns
        if column.type_changed or column.scale_changed
    ]


def stability(before: ColumnProfile, after: ColumnProfile) -> float | None:
    """Population stability index, Σ (a - b) ln(a / b) over common bins or values, half a count added to each.

    None where there is nothing to compare. Bins are dyadic on both sides: the finer ones nest in the coarser.
    """
    if before.edges and after.edges:
        return _psi(*_aligned(before, after))
    if before.top and after.top and not before.edges and not after.edges:
        left = {entry.value: entry.count for entry in before.top}
        right = {entry.value: entry.count for entry in after.top}
        names = list(dict.fromkeys([*left, *right]))
        rest = (_others(before, left), _others(after, right))
        return _psi([*(left.get(n, 0) for n in names), rest[0]], [*(right.get(n, 0) for n in names), rest[1]])
    return None


def _others(column: ColumnProfile, top: Mapping[str, int]) -> int:
    return max(column.rows - column.missing - sum(top.values()), 0)


def _aligned(before: ColumnProfile, after: ColumnProfile) -> tuple[list[int], list[int]]:
    width = max(before.edges[1] - before.edges[0], after.edges[1] - after.edges[0])
    sides = []
    for column in (before, after):
        bins: dict[int, int] = {}
        for edge, count in zip(column.edges, column.counts, strict=False):
            index = math.floor(edge / width)
            bins[index] = bins.get(index, 0) + count
        sides.append(bins)
    indices = sorted(sides[0].keys() | sides[1].keys())
    return [sides[0].get(i, 0) for i in indices], [sides[1].get(i, 0) for i in indices]


def _psi(before: Sequence[int], after: Sequence[int]) -> float | None:
    used = [(b, a) for b, a in zip(before, after, strict=True) if b or a]
    old, new = sum(b for b, _ in used), sum(a for _, a in used)
    if not old or not new:
        return None
    half = 0.5 * len(used)
    total = 0.0
    for b, a in used:
        p, q = (b + 0.5) / (old + half), (a + 0.5) / (new + half)
        total += (q - p) * math.log(q / p)
    return total


def _scaled(before: ColumnProfile, after: ColumnProfile) -> bool:
    old, new = _spread(before), _spread(after)
    if not old or not new:
        return False
    grown, moved = new / old, _ratio(_middle(after), _middle(before))
    return (grown >= SCALE and (moved is None or moved >= SCALE)) or (
        grown <= 1 / SCALE and (moved is None or moved <= 1 / SCALE)
    )


def _ratio(one: float, other: float) -> float | None:
    return None if not other or not one else abs(one / other)


def _spread(column: ColumnProfile) -> float:
    """Between the 5th and the 95th percentile."""
    return column.quantiles.get("0.95", 0.0) - column.quantiles.get("0.05", 0.0)


def _middle(column: ColumnProfile) -> float:
    return column.quantiles.get("0.5", 0.0)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _pair(before: int | None, after: int | None) -> tuple[int, int] | None:
    return None if before is None or after is None else (before, after)


def _weight(column: ColumnComparison) -> float:
    if column.before is None or column.after is None:
        return 1000.0
    moved = abs(_share(column.after.missing, column.after.rows) - _share(column.before.missing, column.before.rows))
    return 500.0 * column.type_changed + 400.0 * column.scale_changed + 10 * moved + (column.psi or 0.0)


def _summary(old: Profile, new: Profile, columns: Sequence[ColumnComparison]) -> list[str]:
    words = []
    about = "about " if outliers_approximate(old) or outliers_approximate(new) else ""
    for what, before, after in (
        ("rows", old.rows, new.rows),
        ("columns", old.column_count, new.column_count),
        ("missing cells", old.missing_cells, new.missing_cells),
        ("outliers", outliers(old), outliers(new)),
        ("duplicate rows", old.duplicate_rows, new.duplicate_rows),
    ):
        if before != after and before is not None and after is not None:
            words.append(f"{what} {about if what == 'outliers' else ''}{before} → {after}")
    changed = sum(bool(column.words) for column in columns)
    return [*words, f"{changed} of {len(columns)} columns differ" if changed else "no column differs"]
