"""Registered models: names under which versions of models are kept, pointed at by aliases."""
