"""Which part of Vestibule a process is: all of it, or one of the parts it can be split into on PostgreSQL."""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    """The value is the command that starts it."""

    ALL = "run"
    WEB = "web"
    WORKER = "worker"
    SHARD = "shard"

    @property
    def is_split(self) -> bool:
        """Whether other processes do the rest."""
        return self is not Role.ALL

    @property
    def faces_the_internet(self) -> bool:
        """Whether it listens on PORT; the others listen for health checks only, if they are told to."""
        return self in (Role.ALL, Role.WEB)

    @property
    def runs_jobs(self) -> bool:
        """Whether it does the durable work."""
        return self in (Role.ALL, Role.WORKER)

    @property
    def serves_discord(self) -> bool:
        """Whether commands and presses reach it."""
        return self in (Role.ALL, Role.SHARD)
