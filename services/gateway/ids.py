"""Global ids: one opaque text that names an object of any type, as `node(id:)` takes it."""

from __future__ import annotations

import base64
import binascii

from services.contracts.errors import Invalid


def global_id(type_name: str, *key: str) -> str:
    """The id of the object of GraphQL type `type_name` with `key` (each part may hold any character)."""
    parts = (part.replace("~", "~0").replace("/", "~1") for part in key)
    return base64.urlsafe_b64encode(f"{type_name}:{'/'.join(parts)}".encode()).decode().rstrip("=")


def parsed(id_: str) -> tuple[str, tuple[str, ...]]:
    """The type name and key that `global_id` was given. Raises `Invalid` for anything else."""
    try:
        padded = id_.encode("ascii") + b"=" * (-len(id_) % 4)
        type_name, colon, key = base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        colon = ""
    if not colon:
        raise Invalid("this is not an id of ours", field="id", fix="Use the `id` field of an object as it is.")
    return type_name, tuple(part.replace("~1", "/").replace("~0", "~") for part in key.split("/"))
