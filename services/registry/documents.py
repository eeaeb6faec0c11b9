"""Structs as MongoDB documents: as every service keeps them."""

from services.runtime.documents import create, from_document, insert, put, save, to_document

__all__ = ["create", "from_document", "insert", "put", "save", "to_document"]
