"""Compare: similar municipalities, expected cost, efficiency against peers, rates against chance."""

from kommunanalys.compare import dataset_views, profile_views
from kommunanalys.compare.adjust import ExpectedCost, expected_cost
from kommunanalys.compare.cautions import Caution
from kommunanalys.compare.dea import DEA
from kommunanalys.compare.environment import Environment, environment
from kommunanalys.compare.malmquist import Malmquist, malmquist
from kommunanalys.compare.peers import Similar, similar
from kommunanalys.compare.profile import Profile, profile
from kommunanalys.compare.ranges import Intervals
from kommunanalys.compare.sfa import SFA
from kommunanalys.compare.shrinkage import Shrunk, shrink
from kommunanalys.compare.small import Funnel, funnel
from kommunanalys.compare.stories import views
from kommunanalys.compare.stories.story import Story

__all__ = [
    "DEA",
    "SFA",
    "Caution",
    "Environment",
    "ExpectedCost",
    "Funnel",
    "Intervals",
    "Malmquist",
    "Profile",
    "Shrunk",
    "Similar",
    "Story",
    "dataset_views",
    "environment",
    "expected_cost",
    "funnel",
    "malmquist",
    "profile",
    "profile_views",
    "shrink",
    "similar",
    "views",
]
