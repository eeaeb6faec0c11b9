"""The digest of all that a version is made of: whatever an approval looked at is in it."""

from __future__ import annotations

import hashlib
import json

from services.contracts.registry import RunView, VersionView


def content_digest(version: VersionView, run: RunView | None) -> str:
    """SHA-256 over the version's source and its run's parameters, metrics, code version and dataset digests.

    Descriptions, tags, aliases and stages are talk about the version, not what it is made of.
    """
    made_of = {
        "model": version.model_name,
        "version": version.version,
        "source": version.source,
        "model_id": version.model_id,
        "run_id": version.run_id,
        "run": None
        if run is None
        else {
            "params": run.params,
            "metrics": {key: repr(value) for key, value in run.metrics.items()},
            "code": run.git_commit,
            "datasets": sorted([dataset.name, dataset.digest, dataset.context or ""] for dataset in run.datasets),
        },
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
