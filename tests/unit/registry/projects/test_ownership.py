"""Which project a thing belongs to."""

from services.contracts.projects import Pattern, Thing, ThingKind
from services.registry.projects.ownership import Claim, matching, owner

EXPERIMENT = Thing(kind="experiment", id="7")


def claim(project: str, glob: str, created: int = 0, kind: ThingKind = "experiment") -> Claim:
    return Claim(project=project, created=created, patterns=[Pattern(kind=kind, glob=glob)])


def test_what_nobody_claims_belongs_to_the_default_project() -> None:
    assert owner(EXPERIMENT, "flights", {}, []) == "default"
    assert owner(EXPERIMENT, "flights", {}, [claim("p", "flights", kind="model")]) == "default"


def test_an_assignment_beats_every_pattern() -> None:
    assert owner(EXPERIMENT, "flights", {EXPERIMENT: "mine"}, [claim("p", "flights")]) == "mine"


def test_the_most_specific_pattern_wins_and_then_the_older_project() -> None:
    claims = [claim("wide", "fl*", 1), claim("young", "flights*", 3), claim("old", "flight?*", 2)]
    assert owner(EXPERIMENT, "flights-2", {}, claims) == "young"
    assert owner(EXPERIMENT, "flights", {}, [claim("young", "flight*", 3), claim("old", "*flight*", 2)]) == "old"


def test_case_matters() -> None:
    assert owner(EXPERIMENT, "Flights", {}, [claim("p", "flights")]) == "default"


def test_patterns_match_by_kind_and_name() -> None:
    names = {
        Thing(kind="experiment", id="7"): "flights-daily",
        Thing(kind="model", id="flights-daily"): "flights-daily",
        Thing(kind="model", id="Flights"): "Flights",
    }
    patterns = [Pattern(kind="model", glob="flights*")]
    assert matching(patterns, names) == [Thing(kind="model", id="flights-daily")]
