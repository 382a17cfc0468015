"""Who needs help early: declared tasks, honest evaluation over time, lists for those who act, and papers."""

from kommunanalys.early_warning.calibration import Calibration, calibration
from kommunanalys.early_warning.card import ModelCard, model_card
from kommunanalys.early_warning.drift import DriftReport, drift_report
from kommunanalys.early_warning.enough import Enough
from kommunanalys.early_warning.evaluate import Evaluation, evaluate
from kommunanalys.early_warning.expiry import remove_expired
from kommunanalys.early_warning.findings import findings
from kommunanalys.early_warning.groups import GroupReport, group_report
from kommunanalys.early_warning.leakage import LeakageReport, leakage_report
from kommunanalys.early_warning.model import RiskModel
from kommunanalys.early_warning.papers import papers
from kommunanalys.early_warning.report import answer, hand_over, section
from kommunanalys.early_warning.task import Task
from kommunanalys.early_warning.treatment import read_treatments
from kommunanalys.early_warning.watchlist import Watchlist, watchlist

__all__ = [
    "Calibration",
    "DriftReport",
    "Enough",
    "Evaluation",
    "GroupReport",
    "LeakageReport",
    "ModelCard",
    "RiskModel",
    "Task",
    "Watchlist",
    "answer",
    "calibration",
    "drift_report",
    "evaluate",
    "findings",
    "group_report",
    "hand_over",
    "leakage_report",
    "model_card",
    "papers",
    "read_treatments",
    "remove_expired",
    "section",
    "watchlist",
]
