"""MLflow's limits, which clients rely on, in one table (lengths in characters, sizes in bytes)."""

from __future__ import annotations

from typing import Final

# One logging request
METRICS_PER_BATCH: Final = 1000
PARAMS_PER_BATCH: Final = 100
TAGS_PER_BATCH: Final = 100
ENTITIES_PER_BATCH: Final = 1000
PAGE_UPLOAD_BYTES: Final = 10 * 1024 * 1024
"""A file that MLflow's own pages upload."""
PRESIGNED_SECONDS: Final = 604_800
"""How long clouds let a signed address live at most."""
DATASETS_PER_REQUEST: Final = 5000
"""Ours: MLflow's server has no such limit; its client sends 1,000 at most by itself. All are one transaction."""

# Runs
KEY_LENGTH: Final = 250
PARAM_VALUE_LENGTH: Final = 6000
TAG_VALUE_LENGTH: Final = 8000

# Experiments
EXPERIMENT_NAME_LENGTH: Final = 500
CUSTOM_VIEWS_PER_EXPERIMENT: Final = 50
EXPERIMENT_TAG_KEY_LENGTH: Final = 250
EXPERIMENT_TAG_VALUE_LENGTH: Final = 20000
ARTIFACT_LOCATION_LENGTH: Final = 2048

# Registered models and versions
MODEL_NAME_LENGTH: Final = 256
REGISTRY_TAG_KEY_LENGTH: Final = 250
REGISTRY_TAG_VALUE_LENGTH: Final = 100_000
ALIAS_LENGTH: Final = 255

# Datasets
DATASET_NAME_LENGTH: Final = 500
DATASET_DIGEST_LENGTH: Final = 36
DATASET_SOURCE_LENGTH: Final = 65535
DATASET_SCHEMA_LENGTH: Final = 1_048_575
DATASET_PROFILE_LENGTH: Final = 16_777_215
INPUT_TAG_KEY_LENGTH: Final = 255
INPUT_TAG_VALUE_LENGTH: Final = 500

# Pages
RUNS_DEFAULT: Final = 1000
RUNS_MOST: Final = 50000
EXPERIMENTS_MOST: Final = 50000
MODELS_DEFAULT: Final = 100
MODELS_MOST: Final = 1000
VERSIONS_DEFAULT: Final = 10000
VERSIONS_MOST: Final = 200_000
LOGGED_MODELS_DEFAULT: Final = 50
LOGGED_MODELS_OF_0: Final = 100
"""What a page of none means to MLflow."""
DATASET_SUMMARIES_MOST: Final = 1000
EXPERIMENTS_IN_DATASET_SEARCH: Final = 20

# Metric history
HISTORY_RUNS: Final = 100
HISTORY_POINTS: Final = 25000
INTERVAL_POINTS: Final = 2500
