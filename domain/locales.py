"""How a language is written in a country: dates, numbers and money follow where the café is."""

from functools import lru_cache

from babel import Locale, UnknownLocaleError


@lru_cache(maxsize=512)
def written_in(language: str, country: str) -> str:
    """`de` in AT as `de_AT`, `en` anywhere but in the US as `en_GB`; a locale that names its country stays.

    What nobody knows comes back as it was.
    """
    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return language
    if locale.territory:
        return str(locale)
    if locale.language == "en":
        return "en_US" if country == "US" else "en_GB"
    try:
        return str(Locale.parse(f"{locale}_{country}"))
    except (UnknownLocaleError, ValueError):
        return str(locale)
