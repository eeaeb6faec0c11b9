"""The monitor's arithmetic core: columns of a batch become counts over a reference's grid, and counts merge."""
