import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.sandbox.telegram_params import Params, Upload, read_params
from chatbot.sandbox.telegram_refusals import TelegramRefusal


def _multipart(name: str, content: bytes) -> Params:
    body = (
        b'--cut\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n11\r\n'
        b'--cut\r\nContent-Disposition: form-data; name="' + name.encode() + b'"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\n" + content + b"\r\n--cut--\r\n"
    )
    return read_params("", "multipart/form-data; boundary=cut", body)


@pytest.mark.parametrize(
    ("query", "kind", "body"),
    [
        ("chat_id=11&text=a+b&quiet=true", "", b""),
        ("", "application/x-www-form-urlencoded", b"chat_id=11&text=a%20b&quiet=True"),
        ("", "application/json; charset=utf-8", b'{"chat_id": 11, "text": "a b", "quiet": true}'),
        ("chat_id=11", "application/json", b'{"text": "a b", "quiet": true, "none": null}'),
    ],
)
def test_every_way_to_send_reads_alike(query: str, kind: str, body: bytes) -> None:
    params = read_params(query, kind, body)

    assert (params.whole("chat_id"), params.text("text"), params.flag("quiet")) == (11, "a b", True)
    assert (params.whole("none"), params.text("none"), params.flag("none"), params.json("none")) == (0, "", False, None)


@given(st.binary().filter(lambda content: b"\r\n--cut" not in b"\r\n" + content))
def test_a_file_arrives_byte_for_byte(content: bytes) -> None:
    params = _multipart("photo", content)
    upload = params.upload("photo")

    assert params.whole("chat_id") == 11
    assert upload is not None
    assert (upload.name, upload.content) == ("a.png", content)


def test_a_file_is_found_under_the_name_it_is_attached_by() -> None:
    params = Params({"media": "attach://file0"}, {"file0": _found(_multipart("x", b"1"))})

    assert _found(params, "media").content == b"1"


def _found(params: Params, name: str = "x") -> Upload:
    upload = params.upload(name)
    assert upload is not None
    return upload


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", b'"\xff"'),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=cut", b"--cut\r\n\r\nx"),
        ("text/plain", b"x"),
        ("application/x-www-form-urlencoded", b"a=\xff"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(TelegramRefusal) as caught:
        read_params("", kind, body)

    assert caught.value.code == 400


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(TelegramRefusal, match='parameter "offset" must be an integer'):
        Params({"offset": "x"}, {}).whole("offset")


@pytest.mark.parametrize("given", ["{", "[1]", "7"])
def test_what_is_no_object_is_refused(given: str) -> None:
    with pytest.raises(TelegramRefusal):
        Params({"media": given}, {}).inside("media")
