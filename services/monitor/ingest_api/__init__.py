"""The HTTP surface: references, prediction batches and labels come in, checked at the edge."""
