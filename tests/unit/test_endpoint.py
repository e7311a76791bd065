"""Where requests to a model may go: a tenant's base URL never leads into the network recalld runs in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx2
import pytest

from recalld.errors import ConfigurationError, InvalidInput
from recalld.models.endpoint import check_base_url, is_public
from recalld.models.transport import MAX_ANSWER_BYTES, Oversized, http_client
from recalld.testing.model_server import ModelServer
from recalld.testing.wire import Raw

PRIVATE = (
    *(
        "127.0.0.1",
        "127.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.1",
        "192.168.1.1",
        "169.254.169.254",
    ),
    *("100.64.0.1", "0.0.0.0", "192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1"),  # noqa: S104
    *("198.51.100.7", "203.0.113.9", "::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1"),
    *(
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
    ),
    *("2001:db8::1", "2001::1", "fec0::1"),
)
SPELLINGS = (
    *(
        "2130706433",
        "0x7f000001",
        "017700000001",
        "127.1",
        "0177.0.0.1",
        "0x7f.1",
        "0",
        "2852039166",
        "localhost",
        "localhost.",
    ),
    *("LOCALHOST", "foo.localhost", "metadata", "metadata.google.internal", "printer.local", "router.home.arpa", "db"),
)
HOSTILE = [f"https://[{host}]/v1" if ":" in host else f"https://{host}/v1" for host in (*PRIVATE, *SPELLINGS)] + [
    "http://api.example.com/v1", "file:///etc/passwd", "unix:/run/docker.sock", "gopher://api.example.com", "ftp://api.example.com",
    "https://user:pw@api.example.com/v1", "https:///v1", "https://", "//api.example.com", "api.example.com", "", "https://api.example.com:0",
    "https://api.example.com:99999/", "https://[::1", "https://127.0.0.1:22@api.example.com/",
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE)
def test_a_tenant_cannot_point_at_a_private_or_odd_address(url: str):
    with pytest.raises(InvalidInput):
        check_base_url(url, trusted=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v1",
        "https://api.example.com:8443",
        "https://8.8.8.8/v1",
        "https://[2606:4700::1111]/v1",
    ],
)
def test_a_tenant_can_point_at_a_public_https_address(url: str):
    assert check_base_url(url, trusted=False) == url


@pytest.mark.parametrize("url", ["http://localhost:11434/v1", "http://10.0.0.5:8000/v1", "https://gateway.internal/v1"])
def test_the_operator_can_point_anywhere(url: str):
    assert check_base_url(url, trusted=True) == url


@pytest.mark.parametrize("url", ["localhost:11434", "ftp://x/v1", "http://", "http://x:99999"])
def test_what_is_no_url_is_refused_to_the_operator_too(url: str):
    with pytest.raises(ConfigurationError):
        check_base_url(url, trusted=True)


def test_an_error_does_not_repeat_a_password():
    with pytest.raises(InvalidInput) as caught:
        check_base_url("http://ada:hunter2@api.example.com", trusted=False)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_public(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are(address: str):
    assert is_public(address)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"], []]
)
async def test_a_name_that_resolves_to_a_private_address_is_not_connected_to(addresses: Sequence[str]):
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    async with (
        ModelServer(lambda call: Raw(body=b"reached")) as server,
        http_client(trusted=False, timeout=2, resolve=resolve) as client,
    ):
        with pytest.raises(httpx2.ConnectError):
            await client.get("https://rebinding.example.com/v1/messages")
    assert server.exchanges == []


async def test_every_hostile_url_reaches_nothing_even_where_the_first_check_was_skipped():
    async with (
        ModelServer(lambda call: Raw(body=b"reached")) as server,
        http_client(trusted=False, timeout=2) as client,
    ):
        port = server.url.rpartition(":")[2]
        urls = [
            f"{scheme}://{host}:{port}/v1/messages"
            for scheme in ("http", "https")
            for host in ("127.0.0.1", "localhost", "[::1]", "127.1")
        ]
        for url in urls:
            with pytest.raises(httpx2.TransportError):
                await client.post(url, json={"messages": []})
    assert server.exchanges == []


async def test_redirects_are_not_followed():
    async with (
        ModelServer(lambda call: Raw(body=b"", status=302)) as server,
        http_client(trusted=True, timeout=2) as client,
    ):
        answer = await client.post(f"{server.url}/v1/messages", json={"messages": []})
    assert (answer.status_code, len(server.exchanges)) == (302, 1)


async def test_an_endless_answer_is_cut_off():
    body = b"x" * (MAX_ANSWER_BYTES + 1)
    async with ModelServer(lambda call: Raw(body=body)) as server, http_client(trusted=True, timeout=5) as client:
        with pytest.raises(Oversized):
            await client.post(f"{server.url}/v1/messages", json={"messages": []})


async def test_compressed_answers_are_refused_before_they_unfold():
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, http_client(trusted=True, timeout=2) as client:
        with pytest.raises(Oversized):
            await client.get(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
