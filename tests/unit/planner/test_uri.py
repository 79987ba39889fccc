import pytest

from planner.uri import BadUri, Uri, file_uri, is_inside, parse_uri


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("file:///a/b.mp4", "/a/b.mp4"),
        ("FILE://localhost/a%20b.mp4", "/a b.mp4"),
        ("file:///a//b/../c.mp4", "/a/c.mp4"),
        ("file:///what?.mp4", "/what?.mp4"),
        ("file:///a#b.mp4", "/a#b.mp4"),
        ("file:///100%.mp4", "/100%.mp4"),
        ("file:////a.mp4", "/a.mp4"),
    ],
)
def test_files(text: str, path: str) -> None:
    assert parse_uri(text) == Uri(scheme="file", host="", path=path)


@pytest.mark.parametrize(
    "text",
    [
        "a.mp4",
        "/a.mp4",
        "file://a.mp4",
        "file://host/a.mp4",
        "file:///",
        "file://",
        "https:///x",
        "file:///a%00b",
    ],
)
def test_what_cannot_be_used(text: str) -> None:
    with pytest.raises(BadUri):
        parse_uri(text)


@pytest.mark.parametrize(
    "path", ["/a b.mp4", "/-dash.mp4", "/it's [1]#2?.mp4", "/100%.mp4", "/ü/漢字.mp4", "/%41.mp4"]
)
def test_a_path_survives(path: str) -> None:
    assert parse_uri(file_uri(path)).path == path


def test_other_schemes_keep_their_host() -> None:
    assert parse_uri("s3://bucket/a/key%20x?") == Uri(
        scheme="s3", host="bucket", path="/a/key%20x?"
    )
    assert parse_uri("https://h:8/p?q").host == "h:8"


def test_inside_is_below_not_beside() -> None:
    assert is_inside("/media/a/b", "/media")
    assert is_inside("/media/a", "/media/")
    assert not is_inside("/mediator/a", "/media")
    assert not is_inside("/media", "/media")
    assert is_inside("/x", "/")


@pytest.mark.parametrize("text", ["http://[::1", "http://a℀b/", "s3://[x"])
def test_half_an_address_is_refused(text: str) -> None:
    with pytest.raises(BadUri):
        parse_uri(text)
