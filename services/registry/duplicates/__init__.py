"""Finds runs that did the same before, exactly or nearly."""
