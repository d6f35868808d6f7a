"""Whom a scan would find first by another score or other thresholds; nothing is stored, and few are looked at.

Customers are read in groups of the same labels, the most valuable of each first, until nobody who is left can rank
as high as the last of those found. The answer is that of a look at everyone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Protocol

from beforehand.churn.ceiling import Ceiling, ceilings
from beforehand.churn.labels import labels_of
from beforehand.churn.profile import ScoreProfile
from beforehand.churn.yardstick import Yardstick

FIRST = 32
"""So many of each group are read at first; each time it goes on, four times as many."""

MOST_GROUPS = 400
WHOLE_FROM = 0.05
"""Above this share of the base it is quicker to read all of it in its order than more of it out of turn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Whom to find, and how many.

    At risk is whose health is below `health_threshold` (0–100) or whose risk is `risk_threshold` (0–1) or more; one
    that is None says nothing. `segments` are compared without regard to case.
    """

    profile: ScoreProfile
    health_threshold: float | None
    risk_threshold: float | None
    limit: int
    min_lifetime_value: float | None = None
    segments: tuple[str, ...] | None = None
    standing: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Those of the same labels, by number, whose segment is written the same."""

    labels: int
    segment: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Those of a group whose value is at least `least` and below `below`; a value below 1 counts as 1."""

    group: Group
    least: float
    below: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Previewed:
    """One who was found; `rank` is the risk times what there is to lose, as of somebody who has not waited yet."""

    customer_id: str
    health: float
    risk: float
    rank: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """What reading found: the best, best first; of each group how many were read and the lowest value of them."""

    best: Sequence[Previewed]
    lowest: Mapping[Group, tuple[int, float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """Those found, best first, and how many were looked at."""

    best: tuple[Previewed, ...]
    looked_at: int


class Base(Protocol):
    """The facts of the base as the last scan left them."""

    def groups(self, most: int) -> list[Group]:
        """All groups that may hold somebody, or the first `most` of them."""

    def yardsticks(self) -> Mapping[str, Yardstick]:
        """What lifetime values are held against."""

    def read(self, wanted: Wanted, stretches: Sequence[Stretch], depth: int) -> Read:
        """Scores the `depth` most valuable of each stretch, and those as valuable as the last of these."""

    def read_everyone(self, wanted: Wanted, least_rank: float) -> list[Previewed]:
        """The best of all, best first, of those who rank as high as that."""


def preview(
    wanted: Wanted,
    base: Base,
    *,
    customers: int,
    walks: bool = True,
    first: int = FIRST,
    whole_from: float = WHOLE_FROM,
) -> Preview:
    """Finds the best `wanted.limit` of those whom it means, of a base of so many customers.

    Where it does not walk, everyone is read at once.
    """
    groups = base.groups(MOST_GROUPS)
    most = whole_from * customers if walks and len(groups) < MOST_GROUPS else 0
    labelled = [(labels_of(group.labels), group.segment) for group in groups]
    tops = dict(zip(groups, ceilings(wanted.profile, labelled, base.yardsticks()), strict=True))
    left = [Stretch(group=group, least=wanted.min_lifetime_value or 0.0, below=inf) for group in groups]
    best: list[Previewed] = []
    depth, looked_at, rank = first, 0, 0.0
    while left:
        if looked_at + depth * len(left) > most:
            return Preview(best=tuple(base.read_everyone(wanted, rank)), looked_at=looked_at + customers)
        read = base.read(wanted, left, depth)
        best = sorted([*best, *read.best], key=_order)[: wanted.limit]
        looked_at += sum(count for count, _ in read.lowest.values())
        rank = best[-1].rank if len(best) == wanted.limit else 0.0
        left = list(_left(left, read, tops, rank, depth))
        depth *= 4
    return Preview(best=tuple(best), looked_at=looked_at)


def _left(
    stretches: Sequence[Stretch], read: Read, tops: Mapping[Group, Ceiling], rank: float, depth: int
) -> Iterator[Stretch]:
    """What is still to be read, so that nobody is missed who ranks as high as `rank`."""
    for one in stretches:
        count, lowest = read.lowest.get(one.group, (0, one.least))
        least = max(one.least, tops[one.group].least_value(rank))
        if count >= depth and least < lowest:
            yield replace(one, least=least, below=lowest)


def _order(one: Previewed) -> tuple[float, float, str]:
    return -one.rank, -one.risk, one.customer_id
