"""Which addresses are refused, how a delivery is signed, when it is tried again."""

import hashlib
import hmac

import pytest

from services.contracts.errors import Invalid
from services.runtime.webhooks import checked_url, is_private, pause, signature


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/x", "file:///etc/passwd", "javascript:alert(1)", "https://", "example.com",
        "https://user:secret@example.com/", "https://example.com:99999/", "https://exa mple.com/", "https://[::1/",
        "https://ex\nample.com", "https://example.com/" + "x" * 3_000, "",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_url(url, private_allowed=True)
    assert refused.value.field == "url"


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "10.1.2.3", "192.168.0.9", "169.254.169.254", "[::ffff:127.0.0.1]"]
)
def test_this_machine_and_its_network_are_refused_unless_allowed(host: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_url(f"http://{host}:8080/hook", private_allowed=False)
    assert refused.value.code == "PRIVATE_ADDRESS"
    assert checked_url(f"http://{host}:8080/hook", private_allowed=True)


def test_a_public_address_is_taken() -> None:
    url = "https://deploy.example.com/lifecycle?team=a"
    assert checked_url(url, private_allowed=False) == url
    assert not is_private("93.184.216.34")
    assert is_private("224.0.0.1")


def test_the_signature_covers_time_and_body() -> None:
    expected = hmac.new(b"secret", b'1772323200.{"id":"1"}', hashlib.sha256).hexdigest()
    assert signature("secret", b'{"id":"1"}', 1_772_323_200) == f"t=1772323200,v1={expected}"


def test_pauses_double_up_to_an_hour() -> None:
    assert [pause(attempts) for attempts in (1, 2, 3, 11, 1000)] == [5.0, 10.0, 20.0, 3600.0, 3600.0]
