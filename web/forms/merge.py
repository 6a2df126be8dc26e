"""What is asked when two records of one guest are joined."""

from collections.abc import Mapping

from domain.audience.merging import FIELDS, GONE, KEPT


def choices(form: Mapping[str, str]) -> dict[str, str]:
    """For each field that was asked about, whose value is kept; anything else that was sent is left aside."""
    return {name: form[name] for name in FIELDS if form.get(name) in (KEPT, GONE)}
