"""What papermill finds of ours by name; the engines themselves are loaded when they are used.

papermill loads its engines while it is imported, and it is our engines that import it: whoever comes first would meet
the other half made.
"""

from __future__ import annotations

from typing import Any, ClassVar


class _Later:
    """An engine that is loaded when papermill asks something of it."""

    real: ClassVar[str]

    @classmethod
    def _engine(cls) -> Any:
        from kommunanalys.reporting import engines

        return getattr(engines, cls.real)

    @classmethod
    def execute_notebook(cls, *given: Any, **more: Any) -> Any:
        """As `papermill.engines.Engine.execute_notebook`."""
        return cls._engine().execute_notebook(*given, **more)

    @classmethod
    def nb_kernel_name(cls, *given: Any, **more: Any) -> Any:
        """As `papermill.engines.Engine.nb_kernel_name`."""
        return cls._engine().nb_kernel_name(*given, **more)

    @classmethod
    def nb_language(cls, *given: Any, **more: Any) -> Any:
        """As `papermill.engines.Engine.nb_language`."""
        return cls._engine().nb_language(*given, **more)


class ForkEngine(_Later):
    """`kommunanalys-fork`: a fork of the process that asks."""

    real = "ForkEngine"


class SpawnEngine(_Later):
    """`kommunanalys-spawn`: a kernel of its own, with limits that hold."""

    real = "SpawnEngine"
