"""Compiles a score profile to SQL, from our own constants alone, so that scoring runs where the data are.

`score.py` says the same in Python; a test holds the two to each other, row by row.
"""

from beforehand.churn.profile import Bands, Factor, Levels, Linear, ScoreProfile
from beforehand.churn.score import ROUNDED_TO


def scores(profile: ScoreProfile, source: str, *, beside: tuple[str, ...] = ()) -> str:
    """A query of customer_id, health, risk and coverage for every row of `source`, which has the signals.

    Columns of the source named `beside` come along as they are.

    `offset 0` keeps each level apart; the planner would otherwise write every expression out where it is
    used, and evaluate it as often.
    """
    names = [factor.name for factor in profile.factors]
    points = " + ".join(f"coalesce({_number(f.weight)} * {f.name}, 0)" for f in profile.factors)
    known = " + ".join(
        f"case when {name} is null then 0 else {_number(factor.weight)} end"
        for name, factor in zip(names, profile.factors, strict=True)
    )
    carried = "".join(f", {_carried(name)}" for name in beside)
    given_back = "".join(f", {_carried(name)} as {name}" for name in beside)
    return f"""
    select customer_id, health, coverage{given_back},
           1 / (1 + exp({_number(-profile.steepness)} * ({_number(profile.midpoint)} - health / 100))) as risk
    from (
        select customer_id, coverage{carried},
               case when coverage >= {_number(profile.least_coverage)}
                    then round(100 * points / known * {_number(ROUNDED_TO)}) / {_number(ROUNDED_TO)}
               end as health
        from (
            select customer_id, points, known{carried}, known / {_number(profile.weight)} as coverage
            from (
                select customer_id, {points} as points, {known} as known{carried}
                from ({shares(profile, source, beside=beside)}) as shared
                offset 0
            ) as summed
        ) as covered
        offset 0
    ) as healthy"""  # noqa: S608 - nothing here comes from outside this package


def shares(profile: ScoreProfile, source: str, *, beside: tuple[str, ...] = ()) -> str:
    """A query of customer_id, segment, loyalty_tier and the share (0–1 or null) of each factor, by its name."""
    worths = ",\n".join(f"{_share(factor)} as {factor.name}" for factor in profile.factors)
    raised = ",\n".join(
        f"{_held(factor.name)} as {factor.name}" if factor.adjustment else factor.name for factor in profile.factors
    )
    # A factor may be called what a signal is called, so labels travel under names of their own.
    carried = "".join(f", {_carried(name)}" for name in beside)
    taken = "".join(f", {name} as {_carried(name)}" for name in beside)
    return f"""
    select customer_id, of_segment, of_tier{carried}, {raised}
    from (
        select customer_id, segment as of_segment, loyalty_tier as of_tier{taken}, {worths}
        from {source} as signals
        offset 0
    ) as worths"""  # noqa: S608 - nothing here comes from outside this package


def _carried(name: str) -> str:
    return f"of_{name}"


def _share(factor: Factor) -> str:
    """The worth of a factor's signal with its adjustment, not yet held between 0 and 1."""
    worth = _worth(factor)
    if factor.silence is not None:
        silence = f"case when {factor.silence.known} is not null then {_number(factor.silence.worth)} end"
        worth = f"coalesce({worth}, {silence})"
    if factor.adjustment is None:
        return worth
    units = f"coalesce(cast({factor.adjustment.signal} as integer), 0)"
    return f"({worth} + {_number(factor.adjustment.each)} * {units})"


def _worth(factor: Factor) -> str:
    match factor.measure:
        case Bands(steps=steps, otherwise=otherwise):
            cases = "".join(
                f" when {factor.signal} {comparison} {_number(bound)} then {_number(worth)}"
                for comparison, bound, worth in steps
            )
            return f"case{cases} when {factor.signal} is not null then {_number(otherwise)} end"
        case Levels(worth=levels):
            cases = "".join(f" when {_text(name)} then {_number(worth)}" for name, worth in levels.items())
            return f'case lower({factor.signal} collate "C"){cases} end'
        case Linear(start=start, end=end):
            return _held(f"(({factor.signal} - {_number(start)}) / {_number(end - start)})")


def _held(worth: str) -> str:
    # Not greatest() and least(): they leave a null out, and unknown must stay unknown.
    return f"case when {worth} < 0 then 0 when {worth} > 1 then 1 else {worth} end"


def _number(value: float) -> str:
    return f"float8 '{float(value)!r}'"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
