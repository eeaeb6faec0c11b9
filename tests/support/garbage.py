"""Connections that were broken off, or that a client leaves open, are collected here and not in some later test."""

import gc
import warnings


def collect_quietly() -> None:
    """To be called when their owner is gone: the warnings that they weren't closed are expected then."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
