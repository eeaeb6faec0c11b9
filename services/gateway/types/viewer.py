"""Whoever asks."""

from __future__ import annotations

import strawberry


@strawberry.type(description="Whoever sends this request.")
class Viewer:
    user: str = strawberry.field(description="The user's name.")
    role: str = strawberry.field(description="viewer, contributor, reviewer or admin: each may do all before it.")
    authenticated: bool = strawberry.field(
        description="Whether an API token proved it; without authentication the name is only what the client says."
    )
