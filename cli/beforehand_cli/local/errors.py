"""The base of every error of the local stack."""

from beforehand.errors import BeforehandError


class LocalError(BeforehandError):
    """Something on this machine is not as it should be."""

    def __init__(self, **facts: object) -> None:
        """The class's docstring is the message; `facts` fill its names."""
        super().__init__((self.__doc__ or "").format(**facts).strip())
