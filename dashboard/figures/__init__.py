"""Charts: pure functions from window rows and views to Plotly figures (plain dictionaries: quick to build)."""
