"""Prometheus's target file of a running stack: `lifecycle status --json | python -m deploy.prometheus.targets`."""

import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

SCRAPED = ("registry", "monitor", "gateway", "dashboard")


class _Status(msgspec.Struct):
    """The part of `lifecycle status --json` that matters here."""

    urls: dict[str, str]


class TargetGroup(msgspec.Struct):
    """One entry of a `file_sd` file."""

    targets: list[str]
    labels: dict[str, str]


def target_groups(urls: Mapping[str, str]) -> list[TargetGroup]:
    """One group a service, as `host:port`; services without a URL are left out."""
    return [TargetGroup([urlsplit(urls[name]).netloc], {"service": name}) for name in SCRAPED if urls.get(name)]


def main() -> int:
    """From standard input to standard output. Exit code 1 when the input is no status or nothing runs."""
    try:
        groups = target_groups(msgspec.json.decode(sys.stdin.buffer.read(), type=_Status).urls)
    except msgspec.MsgspecError as error:
        print(f"This is not what `lifecycle status --json` prints: {error}", file=sys.stderr)
        return 1
    if not groups:
        print("The stack isn't running: there is nothing to scrape.", file=sys.stderr)
        return 1
    print(msgspec.json.format(msgspec.json.encode(groups), indent=2).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
