"""The guide's tables of environment variables: `python -m tests.contract.deploy.settings_table` writes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from dashboard.settings import DashboardSettings
from deploy.local.parts import PARTS
from deploy.local.settings import LocalSettings
from services.gateway.settings import GatewaySettings
from services.monitor.settings import MonitorSettings
from services.registry.settings import RegistrySettings
from services.runtime.settings import ProcessSettings, ServiceSettings
from tests.contract.deploy.tools import ROOT

GUIDE = ROOT / "docs/guides/operations.md"
BEGIN = "<!-- settings: written by `python -m tests.contract.deploy.settings_table` -->\n"
END = "<!-- end of settings -->"
SERVICES: dict[str, type[BaseSettings]] = {
    "registry": RegistrySettings,
    "monitor": MonitorSettings,
    "gateway": GatewaySettings,
    "dashboard": DashboardSettings,
}
_STACK = {
    "LIFECYCLE_STATE_DIR": "Where the stack of `lifecycle up` keeps its data, logs and secret.",
    "MONGODB_PORT": "Port of the stack's own MongoDB.",
    "NATS_PORT": "Port of the stack's own NATS server.",
    "NATS_MONITOR_PORT": "Port of the NATS server's monitoring endpoint.",
}


def variables(settings: type[BaseSettings]) -> dict[str, FieldInfo]:
    """The fields that an environment variable sets, by its name."""
    return {str(field.validation_alias): field for field in settings.model_fields.values() if field.validation_alias}


def tables() -> str:
    """All tables: what every process reads, each service's own, and the local stack's."""
    shared = {**variables(ProcessSettings), **variables(ServiceSettings)}
    parts = ["### Every process\n", _table(shared)]
    for name, settings in SERVICES.items():
        parts += [f"### The {name}\n", _table({k: v for k, v in variables(settings).items() if k not in shared})]
    parts += ["### The stack of `lifecycle up`\n", _stack_table()]
    return "\n" + "\n".join(parts) + "\n"


def _table(fields: dict[str, FieldInfo]) -> str:
    return _rows((name, _shown(field.default), field.description or "") for name, field in sorted(fields.items()))


def _stack_table() -> str:
    ports = {port.setting: port.default for part in PARTS for port in part.ports.values()}
    state = LocalSettings.model_fields["state_dir"].default
    defaults = {"LIFECYCLE_STATE_DIR": state, **{name: ports[name] for name in _STACK if name in ports}}
    return _rows((name, _shown(defaults[name]), words) for name, words in _STACK.items())


def _rows(rows: Iterator[tuple[str, str, str]]) -> str:
    lines = [f"| `{name}` | {default} | {words} |" for name, default, words in rows]
    return "\n".join(["| variable | default | |", "|---|---|---|", *lines]) + "\n"


def _shown(default: Any) -> str:
    value = default.get_secret_value() if isinstance(default, SecretStr) else default
    if isinstance(value, tuple):
        value = "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return f"`{value}`" if str(value) else "empty"


def main() -> None:
    """Puts the tables into the guide."""
    before, _, rest = GUIDE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    GUIDE.write_text(f"{before}{BEGIN}{tables()}{END}{after}")


if __name__ == "__main__":
    main()
