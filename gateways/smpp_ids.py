"""How operators spell the id of a text: one that answers in hexadecimal may report in decimal, or with more zeros."""

from enum import StrEnum


class IdForm(StrEnum):
    """In which form an operator writes ids in one place."""

    TEXT = "text"
    HEX = "hex"
    DECIMAL = "decimal"


_BASES = {IdForm.HEX: 16, IdForm.DECIMAL: 10}


def spelt(ref: str, form: IdForm) -> str:
    """The one spelling of an id that answers and receipts share."""
    plain = ref.strip().lower()
    try:
        return str(int(plain, _BASES[form])) if form in _BASES else plain.lstrip("0") or plain[-1:]
    except ValueError:  # not what the settings say: then it is what it is
        return plain
