"""One thread for small matrices, and what cannot be collected: the compiled simplex method without the extra numba."""

import os
from importlib.util import find_spec

# Before NumPy is imported: threads that wait for each other over tiny matrices cost several times the work itself.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

collect_ignore = [] if find_spec("numba") else ["kommunanalys/compare/simplex.py"]
