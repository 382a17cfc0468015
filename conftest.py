"""The compiled simplex method needs numba, which is an extra: without it its module cannot be collected."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("numba") else ["kommunanalys/compare/simplex.py"]
