"""What the dashboard "ML Lifecycle — live" shows: models first, then the way of a batch, then the machinery."""

from deploy.grafana.machinery import DELIVERY, PROCESSES, SURFACES
from deploy.grafana.models import INGEST, MODELS

ROWS = (MODELS, INGEST, DELIVERY, SURFACES, PROCESSES)
