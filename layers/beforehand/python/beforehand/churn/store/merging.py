"""Makes a table equal to a query, keyed by customer, and counts what that took.

A merge, not an insert with `on conflict do update`: that one locks, and so writes, every row it meets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """How many rows a merge added, changed and removed, and the sums that were asked for."""

    added: int
    changed: int
    removed: int
    sums: Mapping[str, int] = field(default_factory=dict)

    @property
    def touched(self) -> int:
        """Rows that are there and are not what they were."""
        return self.added + self.changed


def merge(
    table: str,
    fresh: str,
    columns: tuple[str, ...],
    *,
    everyone: bool = False,
    beside: Mapping[str, tuple[str, str]] | None = None,
    also: str = "false",
    anew: str = "true",
    returning: str = "1",
    summed: Mapping[str, str] | None = None,
    then: str = "",
) -> str:
    """The statement; it answers one row of `Changes`.

    `fresh` has customer_id, the columns, and `known`: false for a customer who is no more. With `everyone`, whoever
    is not in it is no more either. A row is written where one of the columns differs, or where `also` holds,
    and counts as changed where `anew` holds between its `old` and its `new`.
    `beside` has further columns: the value of a new row, and of one that is changed. `returning` and `then` hand
    the rows on to a further part of the statement; `summed` has figures of each row, whose sums are answered too.
    """
    extra = dict(beside or {})
    names = ("customer_id", *columns, *extra)
    values = ["fresh.customer_id", *(f"fresh.{name}" for name in columns)]
    values += [added for added, _ in extra.values()]
    sets = [f"{name} = fresh.{name}" for name in columns] + [
        f"{name} = {value}" for name, (_, value) in extra.items()
    ]
    kept, given = (", ".join(f"{row}.{name}" for name in columns) for row in ("kept", "fresh"))
    gone = "when not matched by source then delete" if everyone else ""
    counted = ", ".join(
        f"count(*) filter (where {done}) as {name}"
        for name, done in (
            ("added", "done = 'INSERT'"),
            ("changed", "done = 'UPDATE' and anew"),
            ("removed", "done = 'DELETE'"),
        )
    )
    figures = "".join(f", {figure} as {name}" for name, figure in (summed or {}).items())
    sums = "".join(f", coalesce(sum({name}), 0) as {name}" for name in summed or ())
    return f"""
with merged as (
    merge into {table} as kept
    using ({fresh}) as fresh on kept.customer_id = fresh.customer_id
    when matched and not fresh.known then delete
    when matched and (({kept}) is distinct from ({given}) or {also}) then update set {", ".join(sets)}
    when not matched by target and fresh.known then
        insert ({", ".join(names)}) values ({", ".join(values)})
    {gone}
    returning merge_action() as done, ({anew}) as anew, {returning}{figures}
){", " + then if then else ""}
select {counted}{sums} from merged"""
