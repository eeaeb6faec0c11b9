"""Datasets as runs name them: what the client computed and described, kept once an experiment."""
