"""Projects: who owns what, and the lifecycle board."""
