"""Gates: what a version must show before it may be deployed."""
