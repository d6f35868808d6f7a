"""Compiles a score profile to SQL, from our own constants alone, so that scoring runs where the data are.

`score.py` says the same in Python; a test holds the two to each other, row by row.
"""

from beforehand.churn.profile import Bands, Factor, Levels, Linear, ScoreProfile
from beforehand.churn.score import ROUNDED_TO

APART = "offset bigint '0'"
"""Keeps a level apart: the planner would otherwise write every expression out where it is used, and evaluate it as
often. (By a bare `offset 0`, which it has yet to cast, it would share no work out to other processes.)"""


def scores(profile: ScoreProfile, source: str, carried: tuple[str, ...] = ()) -> str:
    """A query of customer_id, health, risk and coverage for every row of `source`, which has the signals.

    It hands on the `carried` columns of `source` as well. The innermost level says of each factor what it is worth,
    null where that is not known; the next adds up.
    """
    kept = "".join(f", {name}" for name in carried)
    worths = ", ".join(f"{_weighed(factor)} as of_{factor.name}" for factor in profile.factors)
    # Of most everything is known, and then nothing need be asked of each factor.
    unknown = f"num_nulls({', '.join(f'of_{factor.name}' for factor in profile.factors)})"
    points = f"""case {unknown} when 0 then {" + ".join(_known_points(factor) for factor in profile.factors)}
                 else {" + ".join(_points(factor) for factor in profile.factors)} end"""
    weighs = " + ".join(
        f"case when of_{f.name} is null then float8 '0' else {_number(f.weight)} end" for f in profile.factors
    )
    known = f"case {unknown} when 0 then {_number(profile.weight)} else {weighs} end"
    return f"""
    select customer_id{kept}, health, coverage,
           1 / (1 + exp({_number(-profile.steepness)} * ({_number(profile.midpoint)} - health / 100))) as risk
    from (
        select customer_id{kept}, known / {_number(profile.weight)} as coverage,
               case when known / {_number(profile.weight)} >= {_number(profile.least_coverage)}
                    then round(100 * points / known * {_number(ROUNDED_TO)}) / {_number(ROUNDED_TO)}
               end as health
        from (
            select customer_id{kept}, {points} as points, {known} as known
            from (select customer_id{kept}, {worths} from {source} as signals {APART}) as weighed
            {APART}
        ) as summed
        {APART}
    ) as healthy"""  # noqa: S608 - nothing here comes from outside this package


def shares(profile: ScoreProfile, source: str) -> str:
    """A query of customer_id, segment, loyalty_tier and the share (0–1 or null) of each factor, by its name."""
    worths = ",\n".join(f"{_share(factor)} as {factor.name}" for factor in profile.factors)
    raised = ",\n".join(
        factor.name if _is_whole(factor) else f"{_held(factor.name)} as {factor.name}" for factor in profile.factors
    )
    # A factor may be called what a signal is called, so labels travel under names of their own.
    return f"""
    select customer_id, of_segment, of_tier, {raised}
    from (
        select customer_id, segment as of_segment, loyalty_tier as of_tier, {worths}
        from {source} as signals
        {APART}
    ) as worths"""  # noqa: S608 - nothing here comes from outside this package


def _weighed(factor: Factor) -> str:
    """What a factor is worth: in points where `_is_whole`, as a share of its weight that is not yet held else."""
    return _worth(factor, weight=factor.weight) if _is_whole(factor) else _share(factor)


def _points(factor: Factor) -> str:
    """The points of a factor from what it is worth, 0 where that is not known."""
    worth = f"of_{factor.name}"
    if _is_whole(factor):
        return f"coalesce({worth}, float8 '0')"
    return f"case when {worth} is null then float8 '0' else {_known_points(factor)} end"


def _known_points(factor: Factor) -> str:
    """The same where it is known: greatest() and least() leave out what is not."""
    worth = f"of_{factor.name}"
    if _is_whole(factor):
        return worth
    return f"{_number(factor.weight)} * least(greatest({worth}, float8 '0'), float8 '1')"


def _is_whole(factor: Factor) -> bool:
    """Whether the worth of a factor is one of a few figures, which are weighed before anybody is scored."""
    return factor.adjustment is None and not isinstance(factor.measure, Linear)


def _share(factor: Factor) -> str:
    """The worth of a factor's signal with its adjustment, not yet held between 0 and 1."""
    worth = _worth(factor)
    if factor.adjustment is None:
        return worth
    units = f"coalesce(cast({factor.adjustment.signal} as integer), 0)"
    return f"({worth} + {_number(factor.adjustment.each)} * {units})"


def _worth(factor: Factor, *, weight: float = 1.0) -> str:
    match factor.measure:
        case Bands() as bands:
            worth = _banded(bands, factor.signal, weight)
        case Levels(worth=levels):
            cases = "".join(f" when {_text(name)} then {_number(weight * worth)}" for name, worth in levels.items())
            worth = f'case lower({factor.signal} collate "C"){cases} end'
        case Linear(start=start, end=end):
            worth = f"(({factor.signal} - {_number(start)}) / {_number(end - start)})"
            worth = worth if factor.adjustment is None else _held(worth)
    if factor.silence is None:
        return worth
    silence = f"case when {factor.silence.known} is not null then {_number(weight * factor.silence.worth)} end"
    return f"coalesce({worth}, {silence})"


def _banded(bands: Bands, signal: str, weight: float) -> str:
    cases = "".join(
        f" when {signal} {comparison} {_bound(bound)} then {_number(weight * worth)}"
        for comparison, bound, worth in bands.steps
    )
    return f"case{cases} when {signal} is not null then {_number(weight * bands.otherwise)} end"


def _bound(value: float) -> str:
    """A whole number as such, so that a signal of whole numbers is not made another for each comparison."""
    return str(int(value)) if float(value).is_integer() else _number(value)


def _held(worth: str) -> str:
    # Not greatest() and least(): they leave a null out, and unknown must stay unknown.
    return f"case when {worth} < 0 then 0 when {worth} > 1 then 1 else {worth} end"


def _number(value: float) -> str:
    return f"float8 '{float(value)!r}'"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
