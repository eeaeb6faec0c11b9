"""What may be done with a project and its board: each command decides the event that follows, or is refused."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from services.contracts.errors import Conflict, Invalid, NotAllowedNow, NotFound, TooLarge
from services.contracts.projects import (
    AnswerFilled,
    AssumptionSet,
    AssumptionStatus,
    EvidenceFound,
    ItemAdded,
    ItemWaived,
    MilestoneSet,
    MovedBack,
    Pattern,
    ProjectCreated,
    ProjectUpdated,
    Proof,
    StageConfirmed,
    Thing,
    ThingAssigned,
    ThingReleased,
    Verdict,
)
from services.registry.projects import templates
from services.registry.projects.project import Project
from services.registry.projects.templates import Item
from services.registry.runs.times import moment

DEFAULT_ID = "default"
DEFAULT_NAME = "Default"

NAME_LENGTH = 200
TEXT_LENGTH = 8000
"""Characters of an answer; together with its fields it fits into an event. Longer things are insights."""
REASON_LENGTH = 2000
FIELD_LENGTH = 500
MANY = 200
"""Milestones, assumptions, patterns or questions of its own that a project may have."""
MANY_PROOFS = 20
ENOUGH_GOOD = 10
"""Good findings after which a further one proves nothing new about an item."""
NOTE_LENGTH = 500

_ITEM_KEY = re.compile(r"[a-z0-9_]{1,60}")


# ---------------------------------------------------------------- deciding: what people do


def _at(project: Project, now: int) -> datetime:
    """Never before the event before: another replica's clock may be ahead of ours."""
    return moment(max(now, project.updated))


def _text(path: str, text: str, most: int, *, empty: bool = False) -> str:
    text = text.strip()
    if not text and not empty:
        raise Invalid(f"{path} is empty", field=path, fix="Say it in a few words.")
    if len(text) > most:
        fix = "Write the long part as a note that is linked to the project."
        raise TooLarge(f"{path} has {len(text)} characters; the most is {most}", field=path, fix=fix)
    return text


def _patterns(patterns: Sequence[Pattern]) -> list[Pattern]:
    if len(patterns) > MANY:
        raise TooLarge(f"a project has at most {MANY} patterns", field="patterns")
    for number, pattern in enumerate(patterns):
        _text(f"patterns[{number}].glob", pattern.glob, FIELD_LENGTH)
    return list(dict.fromkeys(patterns))


def _open(project: Project) -> None:
    if project.archived:
        raise NotAllowedNow(
            f"the project {project.name!r} is archived", code="ARCHIVED", fix="Take it out of the archive first."
        )


def _unchanged(expected: int | None, revision: int, what: str) -> None:
    if expected is not None and expected != revision:
        raise Conflict(
            f"{what} has changed meanwhile: it is at revision {revision}, not {expected}",
            code="CHANGED_MEANWHILE",
            field="expected",
            fix="Load it, look at the change, and try again.",
        )


def created(
    project_id: str, name: str, description: str, patterns: Sequence[Pattern], version: int | None, now: int, who: str
) -> ProjectCreated:
    """A new project from a version of the template. Raises Invalid, NotFound, TooLarge."""
    chosen = templates.template(templates.NEWEST if version is None else version)
    if chosen is None:
        raise NotFound(f"there is no template version {version}", field="template_version")
    return ProjectCreated(
        project_id=project_id,
        project_name=_text("project_name", name, NAME_LENGTH),
        description=_text("description", description, TEXT_LENGTH, empty=True),
        template=chosen.name,
        template_version=chosen.version,
        patterns=_patterns(patterns),
        at=moment(now),
        by=who,
    )


def updated(
    project: Project,
    now: int,
    who: str,
    *,
    name: str | None = None,
    description: str | None = None,
    patterns: Sequence[Pattern] | None = None,
    archived: bool | None = None,
    expected: int | None = None,
) -> ProjectUpdated | None:
    """None if nothing would change. The default project keeps its name and owns by no pattern."""
    _unchanged(expected, project.revision, "the project")
    if archived is not False:
        _open(project)
    if project.id == DEFAULT_ID and (archived or patterns or name not in (None, project.name)):
        raise NotAllowedNow(
            "the default project owns whatever no other does: it can't be renamed, archived or given patterns",
            code="DEFAULT_PROJECT",
        )
    event = ProjectUpdated(
        project_id=project.id,
        project_name=project.name if name is None else _text("project_name", name, NAME_LENGTH),
        description=(
            project.description if description is None else _text("description", description, TEXT_LENGTH, empty=True)
        ),
        patterns=project.patterns if patterns is None else _patterns(patterns),
        archived=project.archived if archived is None else archived,
        at=_at(project, now),
        by=who,
    )
    same = (event.project_name, event.description, event.patterns, event.archived) == (
        project.name,
        project.description,
        project.patterns,
        project.archived,
    )
    return None if same else event


def answered(
    project: Project,
    now: int,
    who: str,
    *,
    item: str,
    text: str,
    fields: Mapping[str, str],
    expected: int | None = None,
) -> AnswerFilled:
    """Raises NotAllowedNow for an item that only the system ticks, Invalid for a field that doesn't fit."""
    _open(project)
    _, found = project.find(item)
    _by_hand(found)
    record = project.record(item)
    _unchanged(expected, record.revision, "the answer")
    text = _text("text", text, TEXT_LENGTH, empty=True)
    values = _fields(found, fields) if text or any(value.strip() for value in fields.values()) else {}
    if not text and not values and record.answer is None and record.waiver is None:
        raise Invalid("the answer is empty", field="text", fix="Write one, or waive the item with a reason.")
    return AnswerFilled(project_id=project.id, item=item, text=text, fields=values, at=_at(project, now), by=who)


def _by_hand(item: Item) -> None:
    if item.kind in ("evidence", "check"):
        raise NotAllowedNow(
            f"{item.title!r} is ticked by {'evidence' if item.kind == 'evidence' else 'a check'}, never by hand",
            code="TICKED_BY_EVIDENCE",
            field="item",
        )


def _fields(item: Item, given: Mapping[str, str]) -> dict[str, str]:
    known = {field.key: field for field in item.fields}
    for key in given:
        if key not in known:
            raise Invalid(f"{item.title!r} has no field {key!r}", field=f"fields.{key}")
    values = {}
    for key, field in known.items():
        path, value = f"fields.{key}", given.get(key, "").strip()
        if not value:
            if field.required:
                raise Invalid(f"{field.title!r} is missing", field=path)
            continue
        if field.choices and value not in field.choices:
            raise Invalid(f"{value!r} isn't one of {', '.join(field.choices)}", field=path)
        if field.number and not _is_number(value):
            raise Invalid(f"{value!r} isn't a number", field=path)
        values[key] = _text(path, value, FIELD_LENGTH)
    return values


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def waived(project: Project, now: int, who: str, *, item: str, reason: str, expected: int | None = None) -> ItemWaived:
    """Only what a person answers can be waived."""
    _open(project)
    _, found = project.find(item)
    _by_hand(found)
    _unchanged(expected, project.record(item).revision, "the item")
    reason = _text("reason", reason, REASON_LENGTH)
    return ItemWaived(project_id=project.id, item=item, reason=reason, at=_at(project, now), by=who)


def item_added(project: Project, now: int, who: str, *, stage: str, item: str, title: str) -> ItemAdded:
    _open(project)
    project.stage(stage)
    if not _ITEM_KEY.fullmatch(item):
        raise Invalid("a key has 1 to 60 lower-case letters, digits and underscores", field="item")
    if any(item == other.key for there in project.template.stages for other in project.items(there)):
        raise Conflict(f"the board has an item {item!r} already", field="item", code="ALREADY_EXISTS")
    if len(project.extras) >= MANY:
        raise TooLarge(f"a project has at most {MANY} questions of its own", field="item")
    title = _text("title", title, FIELD_LENGTH)
    return ItemAdded(project_id=project.id, stage=stage, item=item, title=title, at=_at(project, now), by=who)


def moved_back(project: Project, now: int, who: str, *, stage: str, to: str, reason: str) -> MovedBack:
    """Raises NotAllowedNow for a move that doesn't go back."""
    _open(project)
    if project.stage(to, "to").number >= project.stage(stage).number:
        raise NotAllowedNow(f"{to!r} doesn't come before {stage!r}", code="NOT_BACK", field="to")
    reason = _text("reason", reason, REASON_LENGTH)
    return MovedBack(project_id=project.id, stage=stage, to=to, reason=reason, at=_at(project, now), by=who)


def confirmed(project: Project, now: int, who: str, *, stage: str, reason: str) -> StageConfirmed:
    _open(project)
    project.stage(stage)
    if stage not in project.again:
        raise NotAllowedNow(f"{stage!r} isn't being gone through again", code="NOT_REOPENED", field="stage")
    reason = _text("reason", reason, REASON_LENGTH)
    return StageConfirmed(project_id=project.id, stage=stage, reason=reason, at=_at(project, now), by=who)


def milestone_set(
    project: Project,
    now: int,
    who: str,
    *,
    milestone: str,
    title: str,
    owner: str,
    due: date,
    done: bool,
    drop: bool = False,
    expected: int | None = None,
) -> MilestoneSet:
    _open(project)
    before = project.milestones.get(milestone)
    _unchanged(expected, 0 if before is None else before.revision, "the milestone")
    if before is None and len(project.milestones) >= MANY:
        raise TooLarge(f"a project has at most {MANY} milestones", field="milestone")
    return MilestoneSet(
        project_id=project.id,
        milestone=milestone,
        title=_text("title", title, FIELD_LENGTH),
        owner=_text("owner", owner, NAME_LENGTH),
        due=due,
        done=done,
        dropped=drop,
        at=_at(project, now),
        by=who,
    )


def assumption_set(
    project: Project,
    now: int,
    who: str,
    *,
    assumption: str,
    text: str,
    status: AssumptionStatus,
    proofs: Sequence[Proof],
    note: str,
    consequence: str,
    drop: bool = False,
    expected: int | None = None,
) -> AssumptionSet:
    """Raises Invalid for one that is verified or refuted by nothing."""
    _open(project)
    before = project.assumptions.get(assumption)
    _unchanged(expected, 0 if before is None else before.revision, "the assumption")
    if before is None and len(project.assumptions) >= MANY:
        raise TooLarge(f"a project has at most {MANY} assumptions", field="assumption")
    if status != "open" and not proofs and not note.strip():
        raise Invalid(f"what shows that it is {status}?", field="proofs", fix="Name a proof, or write a note.")
    if len(proofs) > MANY_PROOFS:
        raise TooLarge(f"an assumption has at most {MANY_PROOFS} proofs", field="proofs")
    for number, proof in enumerate(proofs):
        _text(f"proofs[{number}].kind", proof.kind, 60)
        _text(f"proofs[{number}].id", proof.id, FIELD_LENGTH)
    return AssumptionSet(
        project_id=project.id,
        assumption=assumption,
        text=_text("text", text, REASON_LENGTH),
        status=status,
        proofs=list(proofs),
        note=_text("note", note, REASON_LENGTH, empty=True),
        consequence=_text("consequence", consequence, REASON_LENGTH, empty=True),
        dropped=drop,
        at=_at(project, now),
        by=who,
    )


def assigned(project: Project, now: int, who: str, thing: Thing) -> ThingAssigned | None:
    _open(project)
    if thing in project.assigned:
        return None
    return ThingAssigned(project_id=project.id, thing=thing, at=_at(project, now), by=who)


def released(project: Project, now: int, who: str, thing: Thing) -> ThingReleased:
    return ThingReleased(project_id=project.id, thing=thing, at=_at(project, now), by=who)


# ---------------------------------------------------------------- deciding: what evidence says


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict about an item, as read from one event. `settles`: what was bad about things whose names begin so no
    longer counts. `tells`: worth saying again although the verdict is the same, if the proof or the note is another."""

    item: str
    about: str
    verdict: Verdict
    proof: Proof
    note: str = ""
    settles: str = ""
    tells: bool = False


def settled(project: Project, found: Found) -> list[Found]:
    """The findings that no longer count because of a newer one, each with the newer one's proof."""
    if not found.settles:
        return []
    return [
        Found(item=found.item, about=finding.about, verdict="lapsed", proof=found.proof, note=found.note)
        for finding in project.record(found.item).findings
        if finding.verdict == "bad" and finding.about != found.about and finding.about.startswith(found.settles)
    ]


def evidence_found(
    project: Project, now: int, who: str, found: Found, thing: Thing | None, cause: str
) -> EvidenceFound | None:
    """None if it says nothing new: the same verdict about the same subject, or one good run more among many."""
    record = project.record(found.item)
    before = next((finding for finding in record.findings if finding.about == found.about), None)
    stage, _ = project.find(found.item)
    waited_for = found.verdict == "good" and stage.key in project.again
    if before is None:
        good = sum(finding.verdict == "good" for finding in record.findings)
        if found.verdict == "lapsed" or (found.verdict == "good" and good >= ENOUGH_GOOD and not waited_for):
            return None
    elif before.verdict == found.verdict and not waited_for:
        news = found.tells and (before.proof, before.note) != (found.proof, found.note[:NOTE_LENGTH])
        if not news:
            return None
    return EvidenceFound(
        project_id=project.id,
        item=found.item,
        about=found.about,
        verdict=found.verdict,
        proof=found.proof,
        note=found.note[:NOTE_LENGTH],
        thing=thing,
        cause=cause,
        at=_at(project, now),
        by=who,
    )
