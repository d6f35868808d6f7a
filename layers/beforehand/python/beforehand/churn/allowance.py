"""The budget of calls to a language model: allotted before the messages are written, so that it needs no count.

Messages are written side by side by functions that know nothing of each other. Each finds in its brief how often it
may ask, and the sum of that never exceeds the run's budget, whatever fails or is repeated.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """How often a model may be asked in one run, and for one letter of it. No model: nothing."""

    calls_per_run: int = 0
    calls_per_letter: int = 0

    def shares(self, letters: int) -> list[int]:
        """What each letter gets, best first; when the budget is spent, those that follow get nothing."""
        shares, left = [], self.calls_per_run
        for _ in range(letters):
            share = min(self.calls_per_letter, left)
            shares.append(share)
            left -= share
        return shares
