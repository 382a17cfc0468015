"""Schools: staff for pupils, and what pupils achieve."""

from __future__ import annotations

import pandas as pd

from kommunanalys.errors import TableError
from kommunanalys.indicators.ratio import ratio


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    share = 100 * ratio(part, whole)
    if (share > 100).any():
        raise TableError(
            "A part is larger than its whole at {where}: {part} of {whole}.",
            where=share.idxmax(),
            part=part[share.idxmax()],
            whole=whole[share.idxmax()],
        )
    return share


def pupils_per_teacher(pupils: pd.Series, teachers: pd.Series) -> pd.Series:
    """Pupils for each full-time equivalent teacher.

    Parameters
    ----------
    pupils
        [persons].
    teachers
        Of the same schools [full-time equivalents].

    Examples
    --------
    >>> pupils_per_teacher(pd.Series([240.0]), pd.Series([20.0])).tolist()
    [12.0]
    """
    return ratio(pupils, teachers)


def certified_share(certified: pd.Series, teachers: pd.Series) -> pd.Series:
    """Share of teachers who are certified [%].

    Parameters
    ----------
    certified
        Certified and qualified in at least one subject [full-time equivalents].
    teachers
        All teachers of the same schools [full-time equivalents].

    Raises
    ------
    TableError
        More certified teachers than teachers.

    Examples
    --------
    >>> certified_share(pd.Series([15.0]), pd.Series([20.0])).tolist()
    [75.0]
    """
    return _share(certified, teachers)


def completion_rate(graduates: pd.Series, starters: pd.Series) -> pd.Series:
    """Share of a starting cohort with a diploma within the time meant [%].

    Parameters
    ----------
    graduates
        Of those who started, who have their diploma within three (four) years [persons].
    starters
        Who started three (four) years ago, introductory programmes included [persons].

    Raises
    ------
    TableError
        More graduates than starters: the two are not the same cohort.

    Notes
    -----
    The formula of Kolada N17445 (three years) and N17461 (four years), by home municipality.

    Examples
    --------
    >>> completion_rate(pd.Series([36.0]), pd.Series([48.0])).tolist()
    [75.0]
    """
    return _share(graduates, starters)


def pupils_reaching(share: pd.Series, pupils: pd.Series) -> pd.Series:
    """Pupils weighted by how many reach a goal [persons]: quantity and quality in one figure.

    Parameters
    ----------
    share
        Share who reach the goal [%].
    pupils
        Pupils of the same population [persons].

    Notes
    -----
    The share is known for those who leave; taking it for all pupils treats it as the quality of the whole
    school, which a single year of a small municipality cannot bear: see the cautions of a report.

    Examples
    --------
    >>> pupils_reaching(pd.Series([80.0]), pd.Series([500.0])).tolist()
    [400.0]
    """
    return share / 100 * pupils
