"""Storage addresses that users supply: which may be kept, and reading them in every encoding."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit, urlunsplit

from services.contracts.errors import Invalid

HOST_SCHEMES = frozenset({"ftp", "sftp", "hdfs", "viewfs", "http", "https", "mlflow-artifacts", "r2", "b2", "abfss"})
"""Addresses of these name a host to connect to: somebody's server, which readers' clients would be sent to."""


def check_host(location: str, field: str) -> None:
    """Raises Invalid for an address that names a host of its own; `mlflow-artifacts:/path` means this server."""
    parts = urlsplit(location)
    scheme = parts.scheme.lower()
    if scheme in HOST_SCHEMES and not (scheme == "mlflow-artifacts" and not parts.netloc):
        raise Invalid(
            f"'{field}' cannot use the '{scheme}' scheme: the '{scheme}' scheme addresses a host other than the "
            "tracking server's configured artifact storage.",
            field=field,
            fix="Use mlflow-artifacts:, or an object store such as s3:// or gs://.",
        )


def fully_decoded(text: str) -> str:
    """Percent-decoded until nothing changes any more."""
    while (decoded := unquote(text)) != text:
        text = decoded
    return text


def below(location: str, path: str) -> str:
    """The address of `path` below `location`, as MLflow writes it: a query stays behind it, an empty host goes."""
    parts = urlsplit(location)
    if not parts.scheme:
        return _joined(location, path)
    return urlunsplit(parts._replace(path=_joined(parts.path, path)))


def _joined(start: str, path: str) -> str:
    return f"{start}{path}" if start.endswith("/") else f"{start}/{path}"
