"""Evaluations of models on named splits: metrics, slices, curves, stability and explanations."""
