"""Drift statistics as pure functions of count vectors, one statistic a file.

Every function takes reference counts and current counts over the same bins (last axis = bins; leading axes broadcast,
so many windows or features go through one call) and gives one float64 per leading index. A side without any count has
no distribution: the figure is NaN.
"""

from services.monitor.statistics.chi_square import ChiSquare, chi_square
from services.monitor.statistics.hellinger import hellinger
from services.monitor.statistics.jensen_shannon import jensen_shannon
from services.monitor.statistics.kolmogorov_smirnov import kolmogorov_smirnov, kolmogorov_smirnov_p_value, largest_gap
from services.monitor.statistics.l_infinity import l_infinity
from services.monitor.statistics.psi import psi, psi_noise, psi_threshold
from services.monitor.statistics.shares import Counts, Figures, distribution_function, shares
from services.monitor.statistics.wasserstein import area_of_gap, area_of_spread, wasserstein, wasserstein_noise

__all__ = [
    "ChiSquare",
    "Counts",
    "Figures",
    "area_of_gap",
    "area_of_spread",
    "chi_square",
    "distribution_function",
    "hellinger",
    "jensen_shannon",
    "kolmogorov_smirnov",
    "kolmogorov_smirnov_p_value",
    "l_infinity",
    "largest_gap",
    "psi",
    "psi_noise",
    "psi_threshold",
    "shares",
    "wasserstein",
    "wasserstein_noise",
]
