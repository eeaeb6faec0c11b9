"""The schema as one object; run as a program it prints the SDL that is committed beside it."""

from __future__ import annotations

import sys
from datetime import datetime

import strawberry
from strawberry.schema.config import StrawberryConfig

from services.gateway.resolvers.mutation import Mutation
from services.gateway.resolvers.query import Query
from services.gateway.subscriptions.subscription import Subscription
from services.gateway.types.alerts import Alert
from services.gateway.types.datasets import DatasetVersion
from services.gateway.types.evaluations import Evaluation
from services.gateway.types.experiments import Experiment
from services.gateway.types.insights import Insight
from services.gateway.types.logged_models import LoggedModel
from services.gateway.types.models import Model, ModelVersion
from services.gateway.types.projects import Project
from services.gateway.types.retraining import Retraining
from services.gateway.types.reviews import Review
from services.gateway.types.runs import Run
from services.gateway.types.saved_views import SavedView
from services.gateway.types.scalars import DATE_TIME, LONG, Long, read


def build_schema() -> strawberry.Schema:
    """The gateway's schema; what has a global id stands in `types`."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[
            Model,
            ModelVersion,
            Run,
            Experiment,
            LoggedModel,
            Project,
            Insight,
            Review,
            Alert,
            Evaluation,
            Retraining,
            DatasetVersion,
            SavedView,
        ],
        config=StrawberryConfig(default_resolver=read, scalar_map={datetime: DATE_TIME, Long: LONG}),
    )


def sdl() -> str:
    """The schema in GraphQL's own language."""
    return build_schema().as_str() + "\n"


if __name__ == "__main__":
    sys.stdout.write(sdl())
