"""Stochastic frontier analysis: inefficiency told apart from noise, where the data allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from kommunanalys.answer import Answer
from kommunanalys.compare.cautions import Caution
from kommunanalys.compare.sfa_data import Rows, check_columns, checked
from kommunanalys.compare.sfa_likelihood import Array, Maximum, Sample, conditional_efficiency, maximise
from kommunanalys.compare.units import speaker
from kommunanalys.errors import AnalysisFailed, TableError, TooFewUnits, UsageError

if TYPE_CHECKING:
    from kommunanalys.language import Speaker

KINDS = ("production", "cost")
DISTRIBUTIONS = ("half-normal", "truncated-normal")
NONE = 1e-6
"""Likelihood-ratio statistic below which the model with inefficiency fits no better than least squares."""
ENOUGH = 10
"""Rows for each parameter, below which a caution says that the scores are uncertain."""
ALL = 0.9999
"""Gamma above which the fit leaves nothing to noise."""
LEVEL = 0.05
"""Probability above which a better fit than least squares may be chance."""


class SFA(Answer):
    """Stochastic frontier: y = const + X β + v − u (production) or + u (cost), v noise, u ≥ 0 inefficiency.

    Parameters
    ----------
    kind
        "production": y is an output, and inefficiency lowers it; "cost": y is a cost, and inefficiency raises it.
    distribution
        Of u: "half-normal", or "truncated-normal" whose mean before truncation is estimated.

    Attributes
    ----------
    params_, std_errors_ : Series
        `const`, the columns of X, `sigma2` (variance of v plus variance of u before truncation), `gamma` (share of the
        latter in it, 0–1), and `mu` or the columns of z. Standard errors come from the Hessian; NaN where the
        likelihood does not determine a parameter. If no inefficiency is found, these are those of least squares.
    loglike_, ols_loglike_ : float
        Log-likelihoods with and without inefficiency.
    lr_, lr_p_value_ : float
        Twice their difference, and how probable it is to be that large if there is no inefficiency: from a mixture of
        chi-square distributions, since gamma = 0 lies on the edge.
    sigma2_, gamma_ : float
        Of `params_`.
    efficiency_ : Series
        On the rows' index, above 0 and at most 1: E[exp(−u) | residual], the conditional mean of Battese and Coelli
        (1988). With logarithms it is the share of the possible output that was reached, or the share of the cost that
        would have been needed. NaN throughout if no inefficiency is found.
    skewness_ok_ : bool
        Do the least-squares residuals lean the way that inefficiency makes them lean?
    inefficiency_found_ : bool
        False if they do not (in a cross-section), or if the model with inefficiency fits no better than without.

    Notes
    -----
    Maximum likelihood in the parameters of FRONTIER 4.1, from several starts. As there, a `mu` that is common to all is
    sought within two standard deviations of u before truncation: below, the likelihood hardly changes.

    References
    ----------
    Aigner, Lovell & Schmidt (1977), Journal of Econometrics 6. Battese & Coelli (1988), Journal of Econometrics 38;
    (1995), Empirical Economics 20. Coelli (1995), Journal of Productivity Analysis 6 (the mixed test).
    Waldman (1982), Journal of Econometrics 18 (residuals that lean the wrong way).

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> pupils = pd.DataFrame({"pupils": rng.normal(6, 1, 400)})
    >>> waste, noise = abs(rng.normal(scale=0.3, size=400)), rng.normal(scale=0.1, size=400)
    >>> sfa = SFA(kind="cost").fit(pupils, 2 + 0.9 * pupils["pupils"] + noise + waste)
    >>> sfa.params_.round(2).to_dict()
    {'const': 1.93, 'pupils': 0.91, 'sigma2': 0.12, 'gamma': 0.94}
    >>> round(float(sfa.efficiency_.mean()), 2), round(float(np.exp(-waste).mean()), 2)
    (0.78, 0.8)
    """

    params_: pd.Series
    std_errors_: pd.Series
    loglike_: float
    ols_loglike_: float
    lr_: float
    lr_p_value_: float
    sigma2_: float
    gamma_: float
    efficiency_: pd.Series
    skewness_ok_: bool
    inefficiency_found_: bool

    def __init__(
        self,
        kind: Literal["production", "cost"] = "production",
        distribution: Literal["half-normal", "truncated-normal"] = "half-normal",
    ) -> None:
        self.kind = kind
        self.distribution = distribution

    def __repr__(self) -> str:
        return f"SFA(kind={self.kind!r}, distribution={self.distribution!r})"

    def fit(self, X: Any, y: Any, z: Any = None, unit: Any = None, period: Any = None) -> SFA:
        """Estimate the frontier and every row's efficiency.

        Parameters
        ----------
        X
            What the frontier depends on, as it shall enter: logarithms for a Cobb–Douglas frontier. An intercept is
            added. DataFrame or array, shape (n, columns).
        y
            Output or cost, as it shall enter: a logarithm for the efficiency to be a share. Shape (n,).
        z
            What inefficiency depends on (Battese & Coelli 1995): u is a normal with mean z δ, truncated at 0, whatever
            `distribution` says, and of its own in each row. No intercept is added: give a column of ones for one.
        unit
            Whose row it is, shape (n,): without z, u is then the same in all rows of a unit (a panel with
            time-invariant inefficiency).
        period
            When, shape (n,): only to refuse two rows of a unit in one period.

        Raises
        ------
        UsageError
            Unknown options, rows that do not belong together, columns of the same name.
        TableError
            A value missing or infinite; columns that determine each other; y determined by X; a row given twice.
        MixedPopulations
            Columns about different populations.
        TooFewUnits
            No more rows than parameters.
        AnalysisFailed
            No maximum of the likelihood was reached.

        Examples
        --------
        The residuals of a cost lean towards low cost, so that it cannot be inefficiency:

        >>> sfa = SFA(kind="cost").fit(np.arange(9.0), [0, 1, 2, 1, 4, 5, 6, 7, 8])
        >>> sfa.inefficiency_found_, int(sfa.efficiency_.notna().sum())
        (False, 0)
        """
        self._check_options()
        rows = checked(X, y, z, unit, period)
        sample = self._sample(rows)
        means = ["mu"] * sample.mean.shape[1] if rows.z is None else rows.z.columns
        self._names = ["const", *map(str, rows.X.columns), "sigma2", "gamma", *map(str, means)]
        _check_size(sample, len(self._names))
        check_columns(rows)
        self._solve(sample, rows)
        return self

    def _check_options(self) -> None:
        for name, value, allowed in (
            ("kind", self.kind, KINDS),
            ("distribution", self.distribution, DISTRIBUTIONS),
        ):
            if value not in allowed:
                raise UsageError(
                    "Unknown {name} {value!r}. Choose one of {allowed}.",
                    name=name,
                    value=value,
                    allowed=", ".join(allowed),
                )

    @property
    def _sign(self) -> float:
        return 1.0 if self.kind == "production" else -1.0

    def _sample(self, rows: Rows) -> Sample:
        n, z, unit = len(rows.y), rows.z, rows.unit
        group = np.arange(n) if unit is None or z is not None else unit
        truncated = int(self.distribution == "truncated-normal")
        mean = z.to_numpy() if z is not None else np.ones((int(group.max()) + 1, truncated))
        # A cost frontier is a production frontier of the mirrored data: −y = −X β − v − u.
        design = np.column_stack([np.ones(n), rows.X.to_numpy()])
        return Sample(self._sign * rows.y.to_numpy(), self._sign * design, group, mean)

    def _solve(self, sample: Sample, rows: Rows) -> None:
        n, k = sample.X.shape
        beta, residual = _least_squares(sample)
        variance = float((residual**2).mean())
        self.ols_loglike_ = -n / 2 * float(np.log(2 * np.pi * variance) + 1)
        self.skewness_ok_ = bool((residual**3).mean() < 0)
        found = self._best(sample, rows)
        lr = 0.0 if found is None else 2 * (found.loglike - self.ols_loglike_)
        self.inefficiency_found_ = found is not None and lr > NONE
        self.lr_ = lr if self.inefficiency_found_ else 0.0
        self.lr_p_value_ = _p_value(self.lr_, 1 + sample.mean.shape[1])
        if found is None or not self.inefficiency_found_:
            found, efficiency = _without(sample, beta, variance), np.full(n, np.nan)
        else:
            efficiency = conditional_efficiency(sample, found)
        self.loglike_, self.sigma2_, self.gamma_ = found.loglike, found.sigma2, found.gamma
        deviations = np.sqrt(np.diag(found.covariance))
        values = [*found.beta, found.sigma2, found.gamma, *found.delta]
        errors = [*deviations[:k], *deviations[-2:], *deviations[k:-2]]
        self.params_ = pd.Series(values, index=self._names, name="estimate")
        self.std_errors_ = pd.Series(errors, index=self._names, name="standard_error")
        self.efficiency_ = pd.Series(efficiency, index=rows.y.index, name="efficiency")
        self._frontier = pd.Series(self._sign * (sample.X @ found.beta), index=rows.y.index)
        self._y = rows.y

    def _best(self, sample: Sample, rows: Rows) -> Maximum | None:
        """The highest likelihood; None in a cross-section whose residuals lean the wrong way (Waldman 1982)."""
        # In a panel, and with z, inefficiency shows in other ways than the lean of all residuals.
        if not self.skewness_ok_ and rows.z is None and rows.unit is None:
            return None
        found = maximise(sample)
        if found is None:
            raise AnalysisFailed(
                "No maximum of the likelihood was reached for {n} rows and {parameters} parameters. Try the "
                "half-normal distribution, fewer columns, or look for rows that are wholly different.",
                n=len(sample.y),
                parameters=len(self._names),
            )
        return found

    def _check_fitted(self) -> None:
        if not hasattr(self, "efficiency_"):
            raise UsageError("This SFA has seen no data yet: call fit(X, y) first.")

    def to_frame(self) -> pd.DataFrame:
        """The rows' `frontier` (what X lets expect without inefficiency and noise), `residual` and `efficiency`.

        Examples
        --------
        >>> SFA().fit(np.arange(9.0), [0, 1, 2, 1, 4, 5, 6, 7, 8]).to_frame().columns.tolist()
        ['frontier', 'residual', 'efficiency']
        """
        self._check_fitted()
        return pd.DataFrame(
            {"frontier": self._frontier, "residual": self._y - self._frontier, "efficiency": self.efficiency_}
        )

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What a reader must know: no inefficiency to be told, few rows, what the data do not determine."""
        self._check_fitted()
        if not self.inefficiency_found_:
            return (self._nothing(),)
        rows, parameters = len(self.efficiency_), len(self.params_)
        found = []
        if self.lr_p_value_ > LEVEL:
            found.append(
                Caution("A model without inefficiency fits almost as well: the scores may be nothing but noise.")
            )
        if rows < ENOUGH * parameters:
            found.append(
                Caution(
                    "Only {rows} rows carry {parameters} parameters: the scores are uncertain, their level even more.",
                    {"rows": rows, "parameters": parameters},
                )
            )
        if "mu" in self.params_ and not self.std_errors_["mu"] < np.sqrt(self.sigma2_ * self.gamma_):
            found.append(
                Caution(
                    "The data hardly determine where the inefficiency has its centre, and the level of the scores "
                    "depends on it: compare the scores with each other, not with 1."
                )
            )
        if self.gamma_ > ALL:
            found.append(Caution("The fit leaves nothing to chance: every deviation is counted as inefficiency."))
        return tuple(found)

    def _nothing(self) -> Caution:
        if not self.skewness_ok_:
            return Caution(
                "The deviations from the frontier do not lean the way that inefficiency would make them lean: "
                "no inefficiency can be told from these data. That does not show that all are efficient."
            )
        return Caution(
            "A model without inefficiency fits as well: no inefficiency can be told from these data. "
            "That does not show that all are efficient."
        )

    def summary(self, language: str = "en") -> str:
        """The scores in plain words, or that none can be told.

        Examples
        --------
        >>> print(SFA(kind="cost").fit(np.arange(9.0), [0, 1, 2, 1, 4, 5, 6, 7, 8]).summary().split(":")[1])
         no inefficiency can be told from these data. That does not show that all are efficient.
        """
        self._check_fitted()
        first = self.efficiency_.index[0]
        say = speaker(first[0] if isinstance(first, tuple) else first, language)
        if not self.inefficiency_found_:
            return self._nothing().say(say)
        return f"{self._scores(say)} {self._test(say)}"

    def _scores(self, say: Speaker) -> str:
        shown = {
            "rows": say.number(len(self.efficiency_)),
            "mean": say.number(self.efficiency_.mean(), 2),
            "low": say.number(self.efficiency_.min(), 2),
            "high": say.number(self.efficiency_.max(), 2),
        }
        if self.kind == "cost":
            return say(
                "The cost efficiency of {rows} rows is {mean} on average, from {low} to {high}: the share of the cost "
                "that the frontier would need, as the mean of exp(−u) given the deviation (Battese and Coelli 1988).",
                **shown,
            )
        return say(
            "The efficiency of {rows} rows is {mean} on average, from {low} to {high}: the share of the possible "
            "output that was reached, as the mean of exp(−u) given the deviation (Battese and Coelli 1988).",
            **shown,
        )

    def _test(self, say: Speaker) -> str:
        p = f"< {say.number(0.001, 3)}" if self.lr_p_value_ < 0.001 else f"= {say.number(self.lr_p_value_, 3)}"
        if self.lr_p_value_ > LEVEL:
            return say("A model without inefficiency fits almost as well (p {p}): the scores may be noise.", p=p)
        return say(
            "A model without inefficiency fits worse (p {p}). A score also holds what the figures leave out: "
            "it is an estimate, not waste.",
            p=p,
        )


def _check_size(sample: Sample, parameters: int) -> None:
    n, draws = len(sample.y), len(sample.mean)
    if n <= parameters or draws <= 2:
        raise TooFewUnits(
            "{n} rows of {units} units are too few for {parameters} parameters. Take fewer columns, or more rows.",
            n=n,
            units=draws,
            parameters=parameters,
        )


def _least_squares(sample: Sample) -> tuple[Array, Array]:
    beta: Array = np.asarray(np.linalg.lstsq(sample.X, sample.y)[0], dtype=float)
    residual = sample.y - sample.X @ beta
    spread = float(np.abs(sample.y).max())
    if np.abs(residual).max() <= 1e-12 * spread or spread == 0:
        raise TableError("X determines y exactly: there is neither noise nor inefficiency to be told.")
    return beta, residual


def _without(sample: Sample, beta: Array, variance: float) -> Maximum:
    """The least-squares fit as the maximum where gamma is 0."""
    (n, k), m = sample.X.shape, sample.mean.shape[1]
    covariance = np.full((k + m + 2, k + m + 2), np.nan)
    root = np.linalg.inv(np.linalg.qr(sample.X)[1])
    covariance[:k, :k] = variance * root @ root.T
    covariance[-2, -2] = 2 * variance**2 / n
    loglike = -n / 2 * float(np.log(2 * np.pi * variance) + 1)
    return Maximum(loglike, beta, np.full(m, np.nan), variance, 0.0, covariance)


def _p_value(statistic: float, restrictions: int) -> float:
    """Half a chi-square with all restrictions, half with one fewer (all its mass at 0 if none is left)."""
    from scipy.special import chdtrc

    fewer = float(chdtrc(restrictions - 1, statistic)) if restrictions > 1 else float(statistic <= 0)
    return (float(chdtrc(restrictions, statistic)) + fewer) / 2
