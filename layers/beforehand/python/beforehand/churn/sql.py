"""Compiles a score profile to SQL, from our own constants alone, so that scoring runs where the data are.

`score.py` says the same in Python; a test holds the two to each other, row by row.
"""

from beforehand.churn.labels import LABELS, is_by_labels, worth_of_labels
from beforehand.churn.profile import Adjustment, Bands, Comparison, Factor, Levels, Linear, ScoreProfile
from beforehand.churn.score import ROUNDED_TO
from beforehand.churn.unknown import BITS, SUPPORT, bit_of

HUNDRED = 100

APART = "offset bigint '0'"
"""Keeps a level apart: the planner would otherwise write every expression out where it is used, and evaluate it as
often. (By a bare `offset 0`, which it has yet to cast, it would share no work out to other processes.)"""


def scores(profile: ScoreProfile, source: str, carried: tuple[str, ...] = ()) -> str:
    """A query of customer_id, health, risk and coverage for every row of `source`, which has the signals.

    `source` has `labels` and `unknown` beside them as `churn_signals` has (`numbered` adds them to what has not).
    The query hands on the `carried` columns as well. Of most customers everything is known, and then what the
    factors are worth is simply added up; of the others it is asked of each factor whether it is known.
    """
    kept = "".join(f", {name}" for name in carried)
    others = [factor for factor in profile.factors if not is_by_labels(factor)]
    labelled, weighed = (f"({_array(figures)})[labels + 1]" for figures in worth_of_labels(profile))
    all_known = f"unknown & {_bits(profile)} = 0" if _bits(profile) else "false"
    points = " + ".join([labelled, *map(_points, others)])
    some = " + ".join([labelled, *(_if_known(factor, _points(factor)) for factor in others)])
    known = " + ".join([weighed, *(_if_known(factor, _number(factor.weight)) for factor in others)])
    coverage = f"({known}) / {_number(profile.weight)}"
    return f"""
    select customer_id{kept}, health, coverage,
           1 / (1 + exp({_number(-profile.steepness)} * ({_number(profile.midpoint)} - health / 100))) as risk
    from (
        select customer_id{kept},
               case when {all_known} then {_full_health(points, profile)}
                    when {coverage} >= {_number(profile.least_coverage)} then {_health(some, f"({known})")}
               end as health,
               case when {all_known} then float8 '1' else {coverage} end as coverage
        from {source} as signals
        {APART}
    ) as healthy"""  # noqa: S608 - nothing here comes from outside this package


def numbered(source: str) -> str:
    """A source that has the signals, with the two numbers that `scores` wants."""
    labels = " + ".join(
        f"{times} * case {_lower(signal)}"
        + "".join(f" when {_text(label)} then {place}" for place, label in enumerate(LABELS[signal], start=1))
        + " else 0 end"
        for signal, times in (("segment", 16), ("loyalty_tier", 2))
    )
    unknown = " + ".join(f"{1 << place} * cast({_not_known(name)} as integer)" for place, name in enumerate(BITS))
    return f"""(select given.*, cast({labels} + cast(loyalty_tier_fell as integer) as smallint) as labels,
                       {unknown} as unknown from {source} as given {APART})"""  # noqa: S608 - all of it is ours


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


def _not_known(name: str) -> str:
    if name in LABELS:
        return f"coalesce({_lower(name)}, '') not in ({', '.join(map(_text, LABELS[name]))})"
    return " and ".join(f"{signal} is null" for signal in (SUPPORT if name == "support" else (name,)))


def _bits(profile: ScoreProfile) -> int:
    """The bits of `unknown` that are all 0 only where every factor is known; 0 where bits do not tell."""
    bits = [bit_of(f) if is_by_labels(f) or f.signal not in LABELS else None for f in profile.factors]
    return sum({bit for bit in bits if bit is not None}) if None not in bits else 0


def _health(points: str, known: str) -> str:
    return f"round(100 * ({points}) / {known} * {_number(ROUNDED_TO)}) / {_number(ROUNDED_TO)}"


def _full_health(points: str, profile: ScoreProfile) -> str:
    """The same where everything is known: of a weight of 100, the points are the health."""
    if profile.weight == HUNDRED:
        return f"round(({points}) * {_number(ROUNDED_TO)}) / {_number(ROUNDED_TO)}"
    return _health(points, _number(profile.weight))


def _if_known(factor: Factor, figure: str) -> str:
    known = f"{factor.signal} is not null"
    if isinstance(factor.measure, Levels):
        known = f"{_worth(factor)} is not null"
    if factor.silence is not None:
        known = f"({known} or {factor.silence.known} is not null)"
    return f"case when {known} then {figure} else float8 '0' end"


def _points(factor: Factor) -> str:
    """The points of a factor that is known."""
    silent = None if factor.silence is None else factor.silence.worth
    if _is_whole(factor):
        silent = None if silent is None else factor.weight * silent
        return _known_worth(factor, weight=factor.weight, silent=silent)
    worth, adjustment = _known_worth(factor, silent=silent), factor.adjustment
    if adjustment is None:
        return f"{_number(factor.weight)} * {_held(worth)}"
    worth = f"greatest({worth} + {_number(adjustment.each)} * {_units(adjustment)}, float8 '0')"
    most = worth if adjustment.each <= 0 else f"least({worth}, float8 '1')"
    return f"{_number(factor.weight)} * {most}"


def _known_worth(factor: Factor, *, weight: float = 1.0, silent: float | None) -> str:
    """What a signal that is known is worth; `silent` where it is not."""
    if isinstance(factor.measure, Bands):
        return _searched(factor.measure, factor.signal, weight, silent)
    worth = _measured(factor, weight)
    return worth if silent is None else f"coalesce({worth}, {_number(silent)})"


def _searched(bands: Bands, signal: str, weight: float, silent: float | None) -> str:
    """The band of a signal that is known.

    Where each step holds if the one before does, the middle one is asked first.
    """
    last = _number(weight * bands.otherwise)
    if silent is not None:
        last = f"case when {signal} is null then {_number(silent)} else {last} end"

    def find(steps: tuple[tuple[Comparison, float, float], ...], otherwise: str) -> str:
        if not steps:
            return otherwise
        middle = len(steps) // 2 if _is_ordered(bands) else 0
        comparison, bound, worth = steps[middle]
        here, elsewhere = find(steps[:middle], _number(weight * worth)), find(steps[middle + 1 :], otherwise)
        return f"case when {signal} {comparison} {_bound(bound)} then {here} else {elsewhere} end"

    return find(bands.steps, last)


def _is_ordered(bands: Bands) -> bool:
    """Whether a step that holds means that those after it hold too."""
    below = [comparison is Comparison.BELOW for comparison, *_ in bands.steps]
    bounds = [bound for _, bound, _ in bands.steps]
    return (all(below) and bounds == sorted(set(bounds))) or (
        not any(below) and bounds == sorted(set(bounds), reverse=True)
    )


def _is_whole(factor: Factor) -> bool:
    """Whether the worth of a factor is one of a few figures, which are weighed before anybody is scored."""
    return factor.adjustment is None and not isinstance(factor.measure, Linear)


def _share(factor: Factor) -> str:
    """The worth of a factor's signal with its adjustment, not yet held between 0 and 1."""
    worth = _worth(factor)
    if factor.adjustment is None:
        return worth
    return f"({worth} + {_number(factor.adjustment.each)} * {_units(factor.adjustment)})"


def _units(adjustment: Adjustment) -> str:
    return f"coalesce(cast({adjustment.signal} as integer), 0)"


def _worth(factor: Factor) -> str:
    """What a signal is worth, null where it is not known."""
    worth = _measured(factor)
    if factor.silence is None:
        return worth
    silence = f"case when {factor.silence.known} is not null then {_number(factor.silence.worth)} end"
    return f"coalesce({worth}, {silence})"


def _measured(factor: Factor, weight: float = 1.0) -> str:
    match factor.measure:
        case Bands() as bands:
            return _banded(bands, factor.signal)
        case Levels(worth=levels):
            cases = "".join(f" when {_text(name)} then {_number(weight * worth)}" for name, worth in levels.items())
            return f"case {_lower(factor.signal)}{cases} end"
        case Linear(start=start, end=end):
            worth = (
                factor.signal
                if (start, end) == (0, 1)
                else f"(({factor.signal} - {_number(start)}) / {_number(end - start)})"
            )
            return worth if factor.adjustment is None else _held(worth)


def _banded(bands: Bands, signal: str) -> str:
    cases = "".join(
        f" when {signal} {comparison} {_bound(bound)} then {_number(worth)}"
        for comparison, bound, worth in bands.steps
    )
    return f"case{cases} when {signal} is not null then {_number(bands.otherwise)} end"


def _bound(value: float) -> str:
    """A whole number as such, so that a signal of whole numbers is not made another for each comparison."""
    return str(int(value)) if float(value).is_integer() else _number(value)


def _held(worth: str) -> str:
    # Not greatest() and least(): they leave a null out, and unknown must stay unknown.
    return (
        f"case when {worth} < float8 '0' then float8 '0' when {worth} > float8 '1' then float8 '1' else {worth} end"
    )


def _number(value: float) -> str:
    return f"float8 '{float(value)!r}'"


def _lower(signal: str) -> str:
    return f'lower({signal} collate "C")'


def _array(figures: list[float]) -> str:
    return f"cast('{{{','.join(f'{figure!r}' for figure in figures)}}}' as float8[])"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
