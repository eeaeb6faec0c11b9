"""The containers' health check: `python -m deploy.docker.ready PORT` exits with 0 when /readyz answers 200."""

import sys
from collections.abc import Sequence
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

_ANSWER_WITHIN_S = 3.0
_SHOWN_CHARACTERS = 500


def main(arguments: Sequence[str]) -> int:
    """0: ready; 1: not ready, with the reasons on standard output, where `docker inspect` shows them; 2: wrong use."""
    if len(arguments) != 1 or not arguments[0].isdigit():
        print("usage: python -m deploy.docker.ready PORT")
        return 2
    try:
        with urlopen(f"http://127.0.0.1:{arguments[0]}/readyz", timeout=_ANSWER_WITHIN_S) as answer:
            print(answer.read(_SHOWN_CHARACTERS).decode(errors="replace"))
            return 0
    except HTTPError as unready:
        print(unready.read(_SHOWN_CHARACTERS).decode(errors="replace"))
    except (URLError, TimeoutError, OSError) as error:
        print(f"no answer: {error}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
