"""Secrecy: borders between domains, permits to cross them, and tables that can be let out."""

from kommunanalys.secrecy.audit import AuditReport, audit
from kommunanalys.secrecy.events import read_events
from kommunanalys.secrecy.frame import RegisterFrame, RegisterSeries
from kommunanalys.secrecy.keys import new_shared_key, protection, rotate
from kommunanalys.secrecy.link import link, prepare, read_parcel
from kommunanalys.secrecy.permit import Permit
from kommunanalys.secrecy.register import read_register
from kommunanalys.secrecy.reidentify import identities
from kommunanalys.secrecy.release import release
from kommunanalys.secrecy.released import Release
from kommunanalys.secrecy.statistics import release_statistics
from kommunanalys.secrecy.statistics_released import StatisticsRelease

__all__ = [
    "AuditReport",
    "Permit",
    "RegisterFrame",
    "RegisterSeries",
    "Release",
    "StatisticsRelease",
    "audit",
    "identities",
    "link",
    "new_shared_key",
    "prepare",
    "protection",
    "read_events",
    "read_parcel",
    "read_register",
    "release",
    "release_statistics",
    "rotate",
]
