"""Compiles a score profile to SQL, from our own constants alone, so that scoring runs where the data are.

`score.py` says the same in Python; a test holds the two to each other, row by row.
"""

from beforehand.churn.profile import Bands, Factor, Levels, Linear, ScoreProfile
from beforehand.churn.score import ROUNDED_TO


def scores(profile: ScoreProfile, source: str, carried: tuple[str, ...] = ()) -> str:
    """A query of customer_id, health, risk and coverage for every row of `source`, which has the signals.

    It hands on the `carried` columns of `source` as well. `offset 0` keeps each level apart: the planner would
    otherwise write every expression out where it is used, and evaluate it as often. Comparing labels and ranks,
    which costs most, is in a level of its own.
    """
    kept = "".join(f", {name}" for name in carried)
    weighed = [(_number(f.weight), _is_known(f), _share_of_known(f)) for f in profile.factors]
    points = " + ".join(f"case when {known} then {weight} * {share} else 0 end" for weight, known, share in weighed)
    weights = " + ".join(f"case when {known} then {weight} else 0 end" for weight, known, _ in weighed)
    return f"""
    select customer_id{kept}, health, coverage,
           1 / (1 + exp({_number(-profile.steepness)} * ({_number(profile.midpoint)} - health / 100))) as risk
    from (
        select customer_id{kept}, coverage,
               case when coverage >= {_number(profile.least_coverage)}
                    then round(100 * points / known * {_number(ROUNDED_TO)}) / {_number(ROUNDED_TO)}
               end as health
        from (
            select customer_id{kept}, points, known, known / {_number(profile.weight)} as coverage
            from (
                select customer_id{kept}, {points} as points, {weights} as known
                from (select customer_id{kept}, {_given(profile)} from {source} as signals offset 0) as given
                offset 0
            ) as summed
        ) as covered
    ) as healthy"""  # noqa: S608 - nothing here comes from outside this package


def shares(profile: ScoreProfile, source: str) -> str:
    """A query of customer_id, segment, loyalty_tier and the share (0–1 or null) of each factor, by its name."""
    worths = ",\n".join(f"{_share(factor)} as {factor.name}" for factor in profile.factors)
    raised = ",\n".join(
        f"{_held(factor.name)} as {factor.name}" if factor.adjustment else factor.name for factor in profile.factors
    )
    # A factor may be called what a signal is called, so labels travel under names of their own.
    return f"""
    select customer_id, of_segment, of_tier, {raised}
    from (
        select customer_id, segment as of_segment, loyalty_tier as of_tier, {worths}
        from {source} as signals
        offset 0
    ) as worths"""  # noqa: S608 - nothing here comes from outside this package


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
        case Bands() as bands:
            return _banded(bands, factor.signal)
        case Levels(worth=levels):
            cases = "".join(f" when {_text(name)} then {_number(worth)}" for name, worth in levels.items())
            return f'case lower({factor.signal} collate "C"){cases} end'
        case Linear(start=start, end=end):
            return _held(f"(({factor.signal} - {_number(start)}) / {_number(end - start)})")


def _banded(bands: Bands, signal: str) -> str:
    cases = "".join(
        f" when {signal} {comparison} {_number(bound)} then {_number(worth)}"
        for comparison, bound, worth in bands.steps
    )
    return f"case{cases} when {signal} is not null then {_number(bands.otherwise)} end"


def _given(profile: ScoreProfile) -> str:
    """The signals of all factors, under names that no column of `source` has; of labels and ranks, their worth."""
    columns = []
    for factor in profile.factors:
        plain = isinstance(factor.measure, Bands)
        columns.append(f"{factor.signal if plain else _worth(factor)} as given_{factor.name}")
        if factor.silence is not None:
            columns.append(f"{factor.silence.known} as silent_{factor.name}")
        if factor.adjustment is not None:
            columns.append(f"coalesce(cast({factor.adjustment.signal} as integer), 0) as units_{factor.name}")
    return ", ".join(columns)


def _is_known(factor: Factor) -> str:
    known = f"given_{factor.name} is not null"
    return known if factor.silence is None else f"({known} or silent_{factor.name} is not null)"


def _share_of_known(factor: Factor) -> str:
    """The share of a factor where `_is_known` holds."""
    given = f"given_{factor.name}"
    worth = _banded(factor.measure, given) if isinstance(factor.measure, Bands) else given
    if factor.silence is not None:
        worth = f"coalesce({worth}, {_number(factor.silence.worth)})"
    if factor.adjustment is None:
        return worth
    raised = f"({worth} + {_number(factor.adjustment.each)} * units_{factor.name})"
    return f"least(greatest({raised}, float8 '0'), float8 '1')"


def _held(worth: str) -> str:
    # Not greatest() and least(): they leave a null out, and unknown must stay unknown.
    return f"case when {worth} < 0 then 0 when {worth} > 1 then 1 else {worth} end"


def _number(value: float) -> str:
    return f"float8 '{float(value)!r}'"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
