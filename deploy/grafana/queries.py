"""PromQL that several panels are made of."""

from __future__ import annotations

from deploy.grafana.panels import Query

RATE = "$__rate_interval"
"""Grafana's own choice of a window that holds at least four scrapes."""


def quantiles(metric: str, by: str, *shares: float) -> list[Query]:
    """Quantiles of a histogram, one query a share (0…1); `by`: a label to tell apart, or empty."""
    labels = f"{by}, le" if by else "le"
    prefix = f"{{{{{by}}}}} " if by else ""
    return [
        Query(
            f"histogram_quantile({share}, sum by ({labels}) (rate({metric}_bucket[{RATE}])))",
            f"{prefix}p{share * 100:g}",
        )
        for share in shares
    ]


def per_second(metric: str, by: str, legend: str) -> Query:
    """The rate of a counter, summed by labels."""
    return Query(f"sum by ({by}) (rate({metric}[{RATE}]))", legend)
