"""How well a run can be made again, and what came of trying."""
