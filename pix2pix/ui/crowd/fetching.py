"""A photo from an address that a stranger names: only from public places, only so many bytes, only so long."""

import asyncio
import ipaddress
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import safehttpx

MAX_REDIRECTS = 5
SECONDS = 60.0

Connect = Callable[[str], Awaitable[httpx.AsyncBaseTransport]]


class NotFetched(Exception):
    """The photo cannot be had from there."""


async def public_only(host: str) -> httpx.AsyncBaseTransport:
    """A connection to ``host`` as it was looked up here, once, so that it cannot turn into another machine later.

    Raises:
        NotFetched: it is no machine on the public internet.
    """
    address = await safehttpx.async_validate_url(host)
    if not ipaddress.ip_address(address).is_global:  # shared ranges of providers, where their own services answer
        raise NotFetched("not a public address")
    return safehttpx.AsyncSecureTransport(address)  # type: ignore[no-any-return]  # it has no types


def fetched(url: str, folder: Path, limit: int, connect: Connect = public_only) -> Path:
    """The file at ``url``, of at most ``limit`` bytes, written below ``folder`` as it comes.

    Raises:
        Exception: whatever can go wrong between here and there; ``NotFetched`` for what is not allowed.
    """
    target = folder / secrets.token_hex(16) / "photo"
    target.parent.mkdir(parents=True)
    try:
        asyncio.run(asyncio.wait_for(_fetch(url, target, limit, connect), SECONDS))
    except BaseException:
        target.unlink(missing_ok=True)
        target.parent.rmdir()
        raise
    return target


async def _fetch(url: str, target: Path, limit: int, connect: Connect) -> None:
    for _ in range(MAX_REDIRECTS + 1):
        address = httpx.URL(url)
        if address.scheme not in ("http", "https") or not address.host:
            raise NotFetched("not an address of the web")
        transport = await connect(address.host)
        headers = {"Accept-Encoding": "identity"}  # what is packed could be a bomb
        async with (
            httpx.AsyncClient(transport=transport, headers=headers, trust_env=False) as client,
            client.stream("GET", address) as answer,
        ):
            if not answer.has_redirect_location:
                await _write(answer.raise_for_status(), target, limit)
                return
            url = str(address.join(answer.headers["location"]))
    raise NotFetched("too many redirects")


async def _write(answer: httpx.Response, target: Path, limit: int) -> None:
    size = 0
    with target.open("wb") as file:
        async for piece in answer.aiter_raw():
            size += len(piece)
            if size > limit:
                raise NotFetched("too large")
            file.write(piece)
