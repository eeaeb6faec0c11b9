"""How well a model does once labels arrive: counts of predictions against labels, and every figure from them."""
