"""What the words of a language model cost."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Prices:
    """The price of a million tokens that are read, and of a million that are written, in one currency."""

    input_million: float
    output_million: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """What so many tokens cost."""
        return (input_tokens * self.input_million + output_tokens * self.output_million) / 1_000_000
