"""Panel → column: each indicator a short pure function, and which indicators each service is compared on."""

from kommunanalys.indicators.case import Case, choose
from kommunanalys.indicators.costs import cost_per_pupil, deflate, net_cost_deviation, total_cost
from kommunanalys.indicators.finance import equity_ratio, per_inhabitant, result_share
from kommunanalys.indicators.population import annual_change, density, log_size
from kommunanalys.indicators.schools import certified_share, completion_rate, pupils_per_teacher, pupils_reaching
from kommunanalys.indicators.services import SERVICES, Service, wanted
from kommunanalys.indicators.themes import PER_INHABITANT, THEMES, Theme, asked, completed, weights

__all__ = [
    "PER_INHABITANT",
    "SERVICES",
    "THEMES",
    "Case",
    "Service",
    "Theme",
    "annual_change",
    "asked",
    "certified_share",
    "choose",
    "completed",
    "completion_rate",
    "cost_per_pupil",
    "deflate",
    "density",
    "equity_ratio",
    "log_size",
    "net_cost_deviation",
    "per_inhabitant",
    "pupils_per_teacher",
    "pupils_reaching",
    "result_share",
    "total_cost",
    "wanted",
    "weights",
]
