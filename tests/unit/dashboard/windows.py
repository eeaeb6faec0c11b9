"""Windows as the gateway answers them, built in one line."""

from datetime import UTC, datetime, timedelta

from dashboard.gateway.views import FeatureDrift, Monitored, Performance, Window

NOW = datetime(2013, 10, 5, tzinfo=UTC)


def window(
    day: int = 0, *, rows: int = 1000, closed: bool = True, psi: float = 0.01, auc: float | None = 0.7
) -> Window:
    start = NOW + timedelta(days=day)
    labelled = 0 if auc is None else rows // 2
    return Window(
        start=start,
        end=start + timedelta(days=1),
        closed=closed,
        rows=rows,
        updated_at=start,
        features=[
            FeatureDrift(feature="temp", psi=psi, js=0.1, psi_threshold=0.05, drifted=psi > 0.2),
            FeatureDrift(feature="carrier", psi=0.004, js=0.02, psi_threshold=0.05),
        ],
        prediction=FeatureDrift(feature="prediction", psi=0.02),
        performance=Performance(
            labelled=labelled, coverage=labelled / rows if rows else 0.0, roc_auc=auc, roc_auc_low=0.6, roc_auc_high=0.8
        ),
    )


def monitored(**changes: object) -> Monitored:
    values: dict[str, object] = {
        "model": "flights",
        "version": "3",
        "reference": "Q1",
        "reference_rows": 10,
        "reference_set_at": NOW,
        "features": ["temp", "carrier"],
        "window_seconds": 86400,
        "task": "binary_classification",
        "rows": 1000,
        "labelled": 500,
        "last_prediction_at": NOW,
    }
    return Monitored(**{**values, **changes})  # type: ignore[arg-type]
