"""API tokens: who may enter. Only a keyed hash of a token is kept."""
