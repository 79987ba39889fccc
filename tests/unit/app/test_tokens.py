"""JWTs: what is taken, and every way in which one is not good."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app import settings
from app.services import tokens
from app.settings import BadSettings, load
from tests.helpers.web import web_server

SECRET = "a secret of more than thirty-two characters"
CLAIMS = {"sub": "ada", "tenant": "acme", "scopes": ["jobs:read", "other:thing"], "aud": "media"}
Configure = Callable[..., None]


def claims(**changed: Any) -> dict[str, Any]:
    made = {**CLAIMS, "exp": time.time() + 60, **changed}
    return {name: value for name, value in made.items() if value is not None}


def hs256(**changed: Any) -> str:
    return jwt.encode(claims(**changed), SECRET, "HS256")


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    def set_all(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.current.cache_clear()
        tokens._keys.cache_clear()

    yield set_all
    monkeypatch.undo()
    settings.current.cache_clear()
    tokens._keys.cache_clear()


@pytest.fixture
def shared(configure: Configure) -> None:
    configure(JWT_ALGORITHM="HS256", JWT_SECRET=SECRET, JWT_AUDIENCE="media")


def test_a_good_token(shared: None) -> None:
    caller = tokens.recognise(hs256())
    assert caller is not None
    assert (caller.tenant_id, caller.scopes) == ("acme", {"jobs:read"})
    spaced = tokens.recognise(hs256(scopes="jobs:read jobs:write"))
    assert spaced is not None
    assert spaced.scopes == {"jobs:read", "jobs:write"}


def test_clocks_may_differ_a_little(shared: None) -> None:
    assert tokens.recognise(hs256(exp=time.time() - 10))
    assert not tokens.recognise(hs256(exp=time.time() - 60))
    assert not tokens.recognise(hs256(nbf=time.time() + 600))


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": None}, {"sub": None}, {"tenant": None}, {"scopes": None}, {"aud": None}, {"aud": "other"},
        {"tenant": "../x"}, {"tenant": 5}, {"tenant": ""}, {"scopes": 5}, {"scopes": {"a": 1}}, {"sub": 5},
        {"exp": "soon"}, {"exp": [1]}, {"nbf": "x"},
    ],
    ids=str,
)  # fmt: skip
def test_claims_that_are_wrong(shared: None, changed: dict[str, Any]) -> None:
    assert tokens.recognise(hs256(**changed)) is None


def _unsigned(header: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in (header, claims()))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


@pytest.mark.parametrize(
    "text",
    [
        "", "..", "a.b.c", "é.é.é", "\0.\0.\0", "x" * 9000 + ".a.b",
        _unsigned({"alg": "none"}), _unsigned({"alg": "None", "typ": "JWT"}), _unsigned({}),
        jwt.encode(CLAIMS, "another secret of more than thirty-two letters", "HS256"),
        jwt.encode(CLAIMS, SECRET * 2, "HS512"),
    ],
    ids=(
        "empty", "dots", "letters", "not ascii", "zeros", "long", "alg none", "alg None", "no alg",
        "another secret", "another algorithm",
    ),
)  # fmt: skip
def test_texts_that_are_no_tokens_of_ours(shared: None, text: str) -> None:
    assert tokens.recognise(text) is None


def test_without_configuration_there_are_none(configure: Configure) -> None:
    configure(JWT_ALGORITHM="")
    assert tokens.recognise(hs256()) is None


@pytest.fixture(scope="module")
def pair() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def jwks(*keys: tuple[str, rsa.RSAPrivateKey]) -> bytes:
    algorithm = jwt.algorithms.RSAAlgorithm
    found = [
        {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig", "alg": "RS256"}
        for kid, key in keys
    ]
    return json.dumps({"keys": found}).encode()


def rs256(key: rsa.RSAPrivateKey, kid: str | None = "one") -> str:
    return jwt.encode(claims(), key, "RS256", headers={"kid": kid} if kid else None)


def test_public_keys_of_a_file(
    configure: Configure, pair: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(jwks(("one", pair)))
    configure(JWT_ALGORITHM="RS256", JWT_JWKS=str(file))
    assert tokens.recognise(rs256(pair))
    assert tokens.recognise(rs256(pair, kid=None))  # there is only one
    assert not tokens.recognise(rs256(pair, kid="two"))
    stranger = rsa.generate_private_key(65537, 2048)
    assert not tokens.recognise(rs256(stranger))


def test_a_public_key_is_no_secret(
    configure: Configure, pair: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    """The oldest trick: sign with HS256, the public key being the secret."""
    file = tmp_path / "jwks.json"
    file.write_bytes(jwks(("one", pair)))
    configure(JWT_ALGORITHM="RS256", JWT_JWKS=str(file))
    pem = pair.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    body = jwt.encode(claims(), "x" * 40, "HS256", headers={"kid": "one"}).rpartition(".")[0]
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        body.encode(), pem
    )
    forged = body + "." + base64.urlsafe_b64encode(signature).decode().rstrip("=")
    assert tokens.recognise(forged) is None


def test_public_keys_of_a_url_are_read_again_when_one_is_new(
    configure: Configure, pair: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web_server() as web:
        url = web.put("/jwks.json", jwks(("one", pair)))
        configure(JWT_ALGORITHM="RS256", JWT_JWKS=url, ALLOW_PRIVATE_NETWORKS="true")
        assert tokens.recognise(rs256(pair))
        assert tokens.recognise(rs256(pair))
        assert web.count("/jwks.json") == 1
        new = rsa.generate_private_key(65537, 2048)
        web.put("/jwks.json", jwks(("one", pair), ("two", new)))
        assert not tokens.recognise(rs256(new, "two"))  # it was read a moment ago
        monkeypatch.setattr(tokens, "_PAUSE_S", 0)
        assert tokens.recognise(rs256(new, "two"))
        web.put("/jwks.json", status=500)
        assert not tokens.recognise(rs256(new, "three"))
        assert tokens.recognise(rs256(pair))  # what is known stays known


def test_a_jwks_on_a_private_network_is_not_read(
    configure: Configure, pair: rsa.RSAPrivateKey
) -> None:
    with web_server() as web:
        url = web.put("/jwks.json", jwks(("one", pair)))
        configure(JWT_ALGORITHM="RS256", JWT_JWKS=url, ALLOW_PRIVATE_NETWORKS="false")
        assert not tokens.recognise(rs256(pair))
        assert web.asked == []


@pytest.mark.parametrize(
    "variables",
    [
        {"JWT_ALGORITHM": "HS256"}, {"JWT_ALGORITHM": "HS256", "JWT_SECRET": "short"},
        {"JWT_ALGORITHM": "RS256"}, {"JWT_ALGORITHM": "none"},
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_do_not_go_together(variables: dict[str, str]) -> None:
    with pytest.raises(BadSettings, match="JWT_"):
        load(variables)


def test_a_key_for_encryption_signs_nothing(
    configure: Configure, pair: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    file = tmp_path / "jwks.json"
    configure(JWT_ALGORITHM="RS256", JWT_JWKS=str(file))
    document = json.loads(jwks(("one", pair)))
    document["keys"][0]["use"] = "enc"
    file.write_text(json.dumps(document))
    assert tokens.recognise(rs256(pair)) is None
    assert tokens.recognise(rs256(pair, kid=None)) is None


@pytest.mark.parametrize(
    ("issuer", "is_good"),
    [("https://id.example", True), ("https://id.example/", False), ("https://other.example", False), (None, False)],
)  # fmt: skip
def test_tokens_are_of_the_issuer_that_is_trusted(
    configure: Configure, issuer: Any, is_good: bool
) -> None:
    configure(
        JWT_ALGORITHM="HS256",
        JWT_SECRET=SECRET,
        JWT_AUDIENCE="media",
        JWT_ISSUER="https://id.example",
    )
    assert (tokens.recognise(hs256(iss=issuer)) is not None) is is_good


@pytest.mark.parametrize("tenant", ["acme\n", "acme\r", "acme\u2028", " acme", "acme\0"])
def test_a_tenant_is_its_name_and_nothing_behind_it(shared: None, tenant: str) -> None:
    assert tokens.recognise(hs256(tenant=tenant)) is None
