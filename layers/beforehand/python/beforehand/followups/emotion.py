"""x"""


def read(text: str, language: str | None) -> float:
    """x"""
    return 0.1 if "bad" in text else 0.8
