"""Reviews of model versions: requested, discussed, decided."""
