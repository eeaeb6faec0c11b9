"""Keyset pages: as every service cuts them."""

from services.runtime.paging import Keys, cursor_of, page_of, values_of, window

__all__ = ["Keys", "cursor_of", "page_of", "values_of", "window"]
