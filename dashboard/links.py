"""The address of every page: the one place that knows the URLs and the path prefix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

RUNS_FILE = "runs.csv"


@dataclass(frozen=True, slots=True)
class Links:
    """`prefix` begins and ends with a slash."""

    prefix: str = "/"

    def areas(self) -> dict[str, str]:
        """Where each area of the navigation begins."""
        return {
            "overview": self.overview(),
            "projects": self.projects(),
            "runs": self.runs(),
            "datasets": self.datasets(),
            "models": self.models(),
            "reviews": self.reviews(),
            "monitoring": self.monitoring(),
            "alerts": self.alerts(),
            "insights": self.insights(),
            "events": self.events(),
            "settings": self.settings(),
        }

    def overview(self) -> str:
        return self.prefix

    def models(self, **state: str) -> str:
        return f"{self.prefix}models{query(state)}"

    def model(self, name: str) -> str:
        return f"{self.prefix}models/{_part(name)}"

    def version(self, model: str, version: str) -> str:
        return f"{self.prefix}models/{_part(model)}/{_part(version)}"

    def projects(self, **state: str) -> str:
        return f"{self.prefix}projects{query(state)}"

    def project(self, project_id: str, **state: str) -> str:
        return f"{self.prefix}projects/{_part(project_id)}{query(state)}"

    def datasets(self, **state: str) -> str:
        return f"{self.prefix}datasets{query(state)}"

    def dataset(self, name: str, digest: str = "", **state: str) -> str:
        version = f"/{_part(digest)}" if digest else ""
        return f"{self.prefix}datasets/{_part(name)}{version}{query(state)}"

    def lineage(self, kind: str, thing: str, **state: str) -> str:
        return f"{self.prefix}lineage/{_part(kind)}/{_part(thing)}{query(state)}"

    def insights(self, **state: str) -> str:
        return f"{self.prefix}insights{query(state)}"

    def insight(self, insight_id: str) -> str:
        return f"{self.prefix}insights/{_part(insight_id)}"

    def reviews(self, **state: str) -> str:
        return f"{self.prefix}reviews{query(state)}"

    def review(self, model: str, version: str) -> str:
        return f"{self.prefix}reviews/{_part(model)}/{_part(version)}"

    def alerts(self, **state: str) -> str:
        return f"{self.prefix}alerts{query(state)}"

    def alert(self, alert_id: str) -> str:
        return f"{self.prefix}alerts/{_part(alert_id)}"

    def events(self, **state: str) -> str:
        return f"{self.prefix}events{query(state)}"

    def audit(self, **state: str) -> str:
        return f"{self.prefix}events/audit{query(state)}"

    def settings(self, **state: str) -> str:
        return f"{self.prefix}settings{query(state)}"

    def monitoring(self, **state: str) -> str:
        return f"{self.prefix}monitoring{query(state)}"

    def monitored(self, model: str, version: str, **state: str) -> str:
        return f"{self.prefix}monitoring/{_part(model)}/{_part(version)}{query(state)}"

    def runs(self, **state: str) -> str:
        return f"{self.prefix}runs{query(state)}"

    def runs_file(self) -> str:
        return f"{self.prefix}{RUNS_FILE}"

    def run_groups(self, **state: str) -> str:
        return f"{self.prefix}runs/groups{query(state)}"

    def experiments(self, **state: str) -> str:
        return f"{self.prefix}experiments{query(state)}"

    def run(self, run_id: str) -> str:
        return f"{self.prefix}runs/{_part(run_id)}"

    def compare(self, run_ids: Sequence[str] = ()) -> str:
        return f"{self.prefix}runs/compare{query({'ids': ','.join(run_ids)})}"

    def sign_in(self) -> str:
        return f"{self.prefix}sign-in"

    def sign_out(self) -> str:
        return f"{self.prefix}sign-out"

    def strip(self, pathname: str) -> str:
        """The path inside the dashboard, without prefix and without slashes at its ends."""
        inner = pathname.removeprefix(self.prefix.rstrip("/")) if self.prefix != "/" else pathname
        return inner.strip("/")


def _part(text: str) -> str:
    """One path part that stands for any text: slashes and dots-only names survive a round trip."""
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")


def query(state: Mapping[str, str]) -> str:
    """`?a=1&b=2`, or nothing; empty values are left out."""
    kept = {key: value for key, value in state.items() if value}
    return "?" + urlencode(kept) if kept else ""


def parse(search: str | None) -> dict[str, str]:
    """The state that a page's query string holds; the first of repeated keys counts."""
    state: dict[str, str] = {}
    for key, value in parse_qsl((search or "").removeprefix("?")):
        state.setdefault(key, value)
    return state
