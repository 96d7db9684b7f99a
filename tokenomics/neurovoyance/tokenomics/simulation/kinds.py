"""The one array type of the simulator, so that every signature reads alike.

Place: imported by all modules. Dimensions are named once: S seeds, G cohorts of providers, W weeks.
Never: anything but float64 in a running simulation.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
