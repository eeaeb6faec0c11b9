"""Retraining: asked for, answered by a run, and seen closed."""
