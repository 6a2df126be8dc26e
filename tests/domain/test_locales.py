import pytest

from domain.locales import written_in


@pytest.mark.parametrize(
    ("language", "country", "expected"),
    [
        ("de", "AT", "de_AT"),  # Jänner, not Januar
        ("en", "AT", "en_GB"),  # 23 January, not January 23
        ("en", "US", "en_US"),
        ("de-CH", "AT", "de_CH"),
        ("fr", "AT", "fr"),  # nobody writes French the Austrian way
        ("tlh", "AT", "tlh"),
    ],
)
def test_a_language_is_written_as_in_the_cafe_s_country(language, country, expected):
    assert written_in(language, country) == expected
