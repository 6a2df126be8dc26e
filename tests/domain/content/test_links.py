import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.content.links import LinkClaim, LinkSigner, Purpose
from domain.errors import NotFound

SIGNER = LinkSigner(["newest", "older"], public_url="https://regulars.example/")
CLAIM = LinkClaim(Purpose.UNSUBSCRIBE, tenant_id=3, member_id=4711, message_id=815, link_number=2)
NUMBER = st.integers(0, 2**63 - 1)


@given(st.builds(LinkClaim, st.sampled_from(Purpose), NUMBER, NUMBER, NUMBER, NUMBER, NUMBER))
def test_what_was_signed_is_read_again(claim):
    assert SIGNER.read(SIGNER.sign(claim), claim.purpose) == claim


@given(st.text(max_size=140) | st.text("abcdefgh_-=ABC012", min_size=20, max_size=60))
def test_any_other_text_is_not_found(token):
    with pytest.raises(NotFound):
        SIGNER.read(token, Purpose.UNSUBSCRIBE)


@given(st.data())
def test_a_token_with_one_character_changed_is_not_found(data):
    token = SIGNER.sign(CLAIM)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("abcXYZ012-_").filter(lambda each: each != token[at]))

    with pytest.raises(NotFound):
        SIGNER.read(token[:at] + other + token[at + 1 :], Purpose.UNSUBSCRIBE)


@pytest.mark.parametrize("purpose", [each for each in Purpose if each is not Purpose.UNSUBSCRIBE])
def test_a_token_serves_one_purpose(purpose):
    with pytest.raises(NotFound):
        SIGNER.read(SIGNER.sign(CLAIM), purpose)


def test_old_links_live_on_when_the_key_changes():
    old = LinkSigner(["older"]).sign(CLAIM)

    assert SIGNER.read(old, Purpose.UNSUBSCRIBE) == CLAIM
    assert SIGNER.sign(CLAIM) != old


def test_a_strangers_key_signs_nothing_here():
    with pytest.raises(NotFound):
        SIGNER.read(LinkSigner(["stranger"]).sign(CLAIM), Purpose.UNSUBSCRIBE)


def test_wrong_and_unknown_look_alike():
    said = set()
    for token in ("", "x", "ä" * 40, SIGNER.sign(CLAIM)[:-1], LinkSigner(["stranger"]).sign(CLAIM)):
        with pytest.raises(NotFound) as refused:
            SIGNER.read(token, Purpose.UNSUBSCRIBE)
        said.add((refused.value.detail, tuple(refused.value.errors)))

    assert len(said) == 1


def test_neighbouring_members_have_nothing_in_common():
    one, other = (SIGNER.sign(LinkClaim(Purpose.OPEN, 1, member)) for member in (1, 2))

    assert sum(a == b for a, b in zip(one, other, strict=True)) < len(one) / 2


def test_addresses_are_made_of_the_purpose_and_the_token():
    pixel = LinkClaim(Purpose.OPEN, 3, 4711, 815)

    assert SIGNER.url(CLAIM) == f"https://regulars.example/u/{SIGNER.sign(CLAIM)}"
    assert SIGNER.url(pixel).endswith(".gif")


def test_a_signer_without_a_key_is_refused():
    with pytest.raises(ValueError, match="key"):
        LinkSigner([])
