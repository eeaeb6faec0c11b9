"""Reads tables of any size in batches and says what is in them: used by the registry and by the command line."""
