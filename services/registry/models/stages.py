"""The stages of MLflow's versions: deprecated there, but still used."""

from __future__ import annotations

from services.contracts.errors import Invalid

NONE = "None"
STAGING = "Staging"
PRODUCTION = "Production"
ARCHIVED = "Archived"
STAGES = (NONE, STAGING, PRODUCTION, ARCHIVED)
ACTIVE_STAGES = (STAGING, PRODUCTION)
_CANONICAL = {stage.lower(): stage for stage in STAGES}


def stage_of(text: str) -> str:
    """The stage as it is written properly. Raises Invalid."""
    stage = _CANONICAL.get(text.lower())
    if stage is None:
        raise Invalid(f"Invalid Model Version stage: {text}. Value must be one of {', '.join(STAGES)}.", field="stage")
    return stage


def check_archiving(stage: str, archive_others: bool) -> str:
    """The stage to move to, properly written. Raises Invalid, also where archiving the others makes no sense."""
    canonical = stage_of(stage)
    if archive_others and canonical not in ACTIVE_STAGES:
        raise Invalid(
            f"Model version transition cannot archive existing model versions because '{stage}' is not an Active "
            f"stage. Valid stages are {list(ACTIVE_STAGES)}",
            field="stage",
        )
    return canonical
