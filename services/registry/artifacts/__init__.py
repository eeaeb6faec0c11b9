"""Artifacts: files below runs and logged models, kept once per content, streamed, never opened."""
