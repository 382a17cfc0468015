"""The simplex method of `kommunanalys.compare.batch`, compiled by numba, one programme at a time (extra `[fast]`).

The functions below `solve` take and change arrays in place, as compiled code is quickest that way; what the arrays
hold is said in `batch`. The first call compiles them, which takes some seconds once: numba keeps the result on disk.
"""

from __future__ import annotations

import numba
import numpy as np

from kommunanalys.compare.batch import (
    ARTIFICIAL,
    FACE,
    NEARLY,
    NONE,
    NOTHING,
    OPTIMAL,
    PATIENCE,
    PIVOT,
    PRICE,
    RESIDUAL,
    SCORE,
    SLACK,
    STEPS,
    TIE,
    UNREACHABLE,
    UNSOLVED,
    Ends,
    Pool,
    Programmes,
    eases,
)

compiled = numba.njit(cache=True, error_model="numpy")


def solve(pool: Pool, programmes: Programmes, slacks: bool) -> Ends:
    """Solve all programmes over the columns of a pool, as `batch.solve` does.

    Examples
    --------
    >>> from kommunanalys.compare.kernel import Reference
    >>> reference = Reference(np.array([[2.0], [4.0]]), np.array([[1.0], [1.0]]), "vrs", "input")
    >>> reference.scores(np.array([[8.0]]), np.array([[1.0]])).tolist()
    [0.25]
    """
    basis, inverse, values = programmes.start()
    scores, status = np.zeros(len(basis)), np.full(len(basis), UNSOLVED)
    members = np.zeros(pool.turned.shape[1], dtype=np.bool_)
    members[pool.members] = True
    near = np.ascontiguousarray(np.hstack([pool.turned[:, members], np.zeros((len(pool.turned), (~members).sum()))]))
    order = np.concatenate([np.flatnonzero(members), np.zeros((~members).sum(), dtype=np.int64)])
    p = programmes
    count = _all(
        pool.turned, pool.peak, near, order, len(pool.members), p.scale, p.rhs, p.ray, p.artificial, p.banned, p.worth,
        p.sign, slacks, pool.convex, pool.sums, eases(len(near) - 1), scores, basis, inverse, values, status,
    )  # fmt: skip
    pool.members = np.sort(order[:count])
    return Ends(scores, basis, values, status)


@compiled
def _all(
    turned, peak, near, order, count, scale, rhs, ray, artificial, banned, worth, sign, slacks, convex, sums, eased,
    scores, basis, inverse, values, status,
):  # fmt: skip
    rows, n = turned.shape
    duals = np.empty(rows)
    barred = np.zeros(n + rows, np.bool_)
    work, size = np.empty(n), np.empty(n)
    columns = np.empty((rows, rows))
    exact = np.empty(rows)
    for unit in range(len(rhs)):
        for second in range(2 if slacks else 1):
            if second:
                _leave_the_face(turned, scale[unit], duals, barred, work, size)
                _ease(basis[unit], exact, eased, values[unit])
            else:
                barred[:] = False
            if banned[unit] >= 0:
                barred[banned[unit]] = True
            status[unit], count = _optimise(
                turned, near, order, count, scale[unit], worth[unit], sign, second, barred, work,
                basis[unit], inverse[unit], values[unit], duals,
            )  # fmt: skip
            if status[unit] == OPTIMAL:
                _stand(turned, scale[unit], ray[unit], artificial[unit], basis[unit], columns)
                exact[:] = values[unit]
                status[unit] = _polish(
                    columns, inverse[unit], rhs[unit], worth[unit], sign, second, basis[unit], exact, duals
                )
            if not second and status[unit] == OPTIMAL:
                scores[unit] = _score(basis[unit], exact)
                if _improvable(
                    turned,
                    peak,
                    scale[unit],
                    ray[unit],
                    banned[unit],
                    convex,
                    sums,
                    basis[unit],
                    scores[unit],
                    duals,
                    work,
                ):
                    status[unit] = UNSOLVED
            elif second and abs(_score(basis[unit], exact) - scores[unit]) > RESIDUAL * abs(scores[unit]) + NOTHING:
                # Slack that costs some of the score is none.
                status[unit] = UNSOLVED
            if status[unit] != OPTIMAL:
                break
        values[unit] = exact
    return count


@compiled
def _optimise(turned, near, order, count, scale, worth, sign, second, barred, work, basis, inverse, values, duals):
    """Pivot to the optimum; returns a status and how many candidates there are now."""
    rows = len(basis)
    prices, column, move = np.empty(rows), np.empty(rows), np.empty(rows)
    for step in range(STEPS):
        _dualise(worth, sign, second, basis, inverse, duals)
        for row in range(rows):
            prices[row] = duals[row] / scale[row]
        entering = _enter(near, order, count, prices, duals, worth, second, barred, work, basis, step > PATIENCE)
        if entering == NONE:
            entering = _enter_any(turned, prices, barred, work, basis)
            if entering == NONE:
                return OPTIMAL, count
            order[count] = entering
            near[:, count] = turned[:, entering]
            count += 1
        for row in range(rows):
            if entering >= 0:
                column[row] = turned[row, entering] / scale[row]
            else:
                column[row] = 1.0 if row == SLACK - entering else 0.0
        for place in range(rows):
            move[place] = 0.0
            for row in range(rows):
                move[place] += inverse[place, row] * column[row]
        leaving = _leave(basis, values, move)
        if leaving < 0:
            return UNSOLVED, count
        _pivot(inverse, values, move, leaving, basis)
        basis[leaving] = entering
    return UNSOLVED, count


@compiled
def _cost(what, worth, sign, second, needed):
    if second:
        return -worth[SLACK - what] if what <= SLACK else 0.0
    if needed:
        return 1.0 if what == ARTIFICIAL else 0.0
    return sign if what == SCORE else 0.0


@compiled
def _dualise(worth, sign, second, basis, inverse, duals):
    rows = len(basis)
    needed = not second and _stands(basis, ARTIFICIAL)
    duals[:] = 0.0
    for place in range(rows):
        cost = _cost(basis[place], worth, sign, second, needed)
        if cost != 0.0:
            for row in range(rows):
                duals[row] += cost * inverse[place, row]


@compiled
def _stands(basis, what):
    for place in range(len(basis)):
        if basis[place] == what:
            return True
    return False


@compiled
def _reduce(turned, count, prices, work):
    """Write reduced costs of the first columns: row after row, so that the processor takes several at once."""
    price = -prices[0]
    for place in range(count):
        work[place] = price * turned[0, place]
    for row in range(1, len(prices)):
        price = -prices[row]
        for place in range(count):
            work[place] += price * turned[row, place]


@compiled
def _size(turned, place, prices):
    total = 0.0
    for row in range(len(prices)):
        total += abs(prices[row] * turned[row, place])
    return total


@compiled
def _enter(near, order, count, prices, duals, worth, second, barred, work, basis, first):
    """What enters: the column or the slack of the least reduced cost among the candidates, or nothing."""
    n, rows = near.shape[1], len(prices)
    _reduce(near, count, prices, work)
    best, entering = 0.0, NONE
    place = _least(work, count)
    if place < 0:
        pass
    elif not first and _enters(near, place, order[place], prices, barred, work, basis):
        best, entering = work[place], order[place]
    else:
        for place in range(count):
            if work[place] < best and _enters(near, place, order[place], prices, barred, work, basis):
                best, entering = work[place], order[place]
                if first:
                    return entering
    total = 0.0
    for row in range(rows):
        total += abs(duals[row])
    for row in range(rows - 1):
        reduced = -duals[row] - (worth[row] if second else 0.0)
        if reduced < best and reduced < -PRICE * total and not barred[n + row] and not _stands(basis, SLACK - row):
            best, entering = reduced, SLACK - row
    return entering


@compiled
def _enter_any(turned, prices, barred, work, basis):
    """The column of the least reduced cost in the whole reference, or nothing."""
    n = turned.shape[1]
    _reduce(turned, n, prices, work)
    best, entering = 0.0, NONE
    for place in range(n):
        if work[place] < best and _enters(turned, place, place, prices, barred, work, basis):
            best, entering = work[place], place
    return entering


@compiled
def _enters(turned, place, column, prices, barred, work, basis):
    """Whether a column that seems to improve the score may enter, and improves it by more than rounding."""
    if barred[column] or _stands(basis, column):
        return False
    return work[place] < -PRICE * _size(turned, place, prices)


@compiled
def _least(work, count):
    """Place of the least of the first values, if that is below 0, or -1; four at once, as the processor can do it."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    whole = count - count % 4
    for place in range(0, whole, 4):
        a = work[place] if work[place] < a else a
        b = work[place + 1] if work[place + 1] < b else b
        c = work[place + 2] if work[place + 2] < c else c
        d = work[place + 3] if work[place + 3] < d else d
    for place in range(whole, count):
        a = work[place] if work[place] < a else a
    least = min(min(a, b), min(c, d))
    if least < 0.0:
        for place in range(count):
            if work[place] == least:
                return place
    return -1


@compiled
def _leave(basis, values, move):
    """Row that makes room first; among equals the artificial mix, then the largest pivot; -1 for none."""
    least = np.inf
    for place in range(len(basis)):
        if move[place] > PIVOT and basis[place] != SCORE:
            least = min(least, values[place] / move[place])
    leaving, largest = -1, 0.0
    for place in range(len(basis)):
        if move[place] > PIVOT and basis[place] != SCORE and values[place] / move[place] <= least * (1 + TIE) + TIE:
            if basis[place] == ARTIFICIAL:
                return place
            if move[place] > largest:
                leaving, largest = place, move[place]
    return leaving


@compiled
def _pivot(inverse, values, move, leaving, basis):
    rows = len(values)
    step = values[leaving] / move[leaving]
    for row in range(rows):
        inverse[leaving, row] /= move[leaving]
    for place in range(rows):
        if place != leaving:
            values[place] -= step * move[place]
            if values[place] < 0.0 and basis[place] != SCORE:
                values[place] = 0.0
            for row in range(rows):
                inverse[place, row] -= move[place] * inverse[leaving, row]
    values[leaving] = step


@compiled
def _leave_the_face(turned, scale, duals, barred, work, size):
    """Bar what may not enter in the second stage, as it would change the score."""
    rows, n = turned.shape
    most = np.abs(duals).sum()
    _reduce(turned, n, duals / scale, work)
    size[:] = 0.0
    for row in range(rows):
        price = abs(duals[row] / scale[row])
        for place in range(n):
            size[place] += price * abs(turned[row, place])
    for place in range(n):
        barred[place] = work[place] > FACE * size[place]
    for row in range(rows - 1):
        barred[n + row] = -duals[row] > FACE * most


@compiled
def _ease(basis, exact, eased, values):
    """Begin the second stage at the original limits, moved only in rows with slack: the others must hold exactly."""
    for place in range(len(basis)):
        values[place] = exact[place] if basis[place] == SCORE else max(exact[place], 0.0)
        if basis[place] <= SLACK:
            values[place] += eased[SLACK - basis[place]]


@compiled
def _stand(turned, scale, ray, artificial, basis, columns):
    """Write the columns that stand in a basis."""
    rows = len(basis)
    for place in range(rows):
        what = basis[place]
        for row in range(rows):
            if what >= 0:
                columns[row, place] = turned[row, what] / scale[row]
            elif what == SCORE:
                columns[row, place] = ray[row]
            elif what == ARTIFICIAL:
                columns[row, place] = artificial[row]
            else:
                columns[row, place] = 1.0 if row == SLACK - what else 0.0


@compiled
def _polish(columns, inverse, rhs, worth, sign, second, basis, values, duals):
    """Values and duals from the original limits, by a step of Newton's; returns a status."""
    rows = len(basis)
    needed = not second and _stands(basis, ARTIFICIAL)
    left, gap = np.empty(rows), np.empty(rows)
    for row in range(rows):
        left[row], gap[row] = rhs[row], _cost(basis[row], worth, sign, second, needed)
        for place in range(rows):
            left[row] -= columns[row, place] * values[place]
            gap[row] -= duals[place] * columns[place, row]
    for row in range(rows):
        for place in range(rows):
            values[row] += inverse[row, place] * left[place]
            duals[row] += gap[place] * inverse[place, row]
    for row in range(rows):
        rest = rhs[row]
        for place in range(rows):
            rest -= columns[row, place] * values[place]
        if abs(rest) > RESIDUAL or (basis[row] != SCORE and values[row] < -RESIDUAL):
            return UNSOLVED
        if basis[row] == ARTIFICIAL and values[row] < NEARLY:
            return UNSOLVED
    if not second and _costs_score(columns, rhs, sign, needed, basis, values, duals):
        return UNSOLVED
    return UNREACHABLE if needed else OPTIMAL


@compiled
def _score(basis, values):
    for place in range(len(basis)):
        if basis[place] == SCORE:
            return values[place]
    return np.nan


@compiled
def _costs_score(columns, rhs, sign, needed, basis, values, duals):
    """Whether a value below 0, or the gap between values and duals, is worth more than rounding."""
    score, dual, below = 0.0, 0.0, 0.0
    for place in range(len(basis)):
        dual += duals[place] * rhs[place]
        score += _cost(basis[place], rhs, sign, False, needed) * values[place]
        if basis[place] != SCORE and values[place] < 0.0:
            for row in range(len(basis)):
                below += abs(duals[row] * columns[row, place] * values[place])
    return max(abs(dual - score), below) > RESIDUAL * abs(score) + NOTHING


@compiled
def _improvable(turned, peak, scale, ray, banned, convex, sums, basis, score, duals, work):
    """Whether a column or slack taken for useless within rounding may improve the score after all."""
    rows, n = turned.shape
    most = RESIDUAL * abs(score) + NOTHING
    for row in range(rows - 1):
        # An input's slack is at most the input, an output's at most what the largest unit makes.
        if duals[row] * (peak[row] / scale[row] if peak[row] > 0.0 else 1.0) > most:
            return True
    _reduce(turned, n, duals / scale, work)
    for column in range(n):
        if work[column] < 0.0 and column != banned and not _stands(basis, column):
            # More than this would need more of some input than the unit may use, or pass the sum of weights.
            weight = 1.0 if convex or column < sums else np.inf
            for row in range(rows - 1):
                if turned[row, column] > 0.0:
                    limit = abs(score) if ray[row] < 0.0 else 1.0
                    weight = min(weight, limit * scale[row] / turned[row, column])
            if -work[column] * weight > most:
                return True
    return False
