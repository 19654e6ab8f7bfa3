"""The files of a session."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO

from .._calls import Call, file_path, nothing
from .._parse import reader
from .._types import Listing, WrittenFile
from .transport import AsyncTransport, digest


class AsyncFiles:
    """Reads and writes the files of one session, by their paths in its workspace."""

    def __init__(self, transport: AsyncTransport, session_path: str) -> None:
        self._transport = transport
        self._path = f"{session_path}/files"

    async def read(self, path: str) -> bytes:
        """A whole file, held against its digest."""
        return await self._transport.fetch(Call("GET", self._file(path), bytes))

    @asynccontextmanager
    async def read_pieces(self, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """A file piece by piece: `async with files.read_pieces(path) as pieces`."""
        async with self._transport.reading(Call("GET", self._file(path), bytes)) as response:
            yield response.aiter_bytes()

    async def write(
        self, path: str, content: bytes | str | IO[bytes] | os.PathLike[str]
    ) -> WrittenFile:
        """Writes a file: bytes, text, an open file, or one of this machine by its Path."""
        data = _bytes_of(content)
        headers = {"Content-Digest": digest(data), "Content-Type": "application/octet-stream"}
        call = Call("PUT", self._file(path), reader(WrittenFile), content=data, headers=headers)
        return await self._transport.send(call)

    async def list(self, path: str = "") -> Listing:
        """What a directory holds; the workspace itself when none is named."""
        return await self._transport.send(Call("GET", self._directory(path), reader(Listing)))

    async def delete(self, path: str) -> None:
        """Removes a file; or, with a slash at its end, a directory and all it holds."""
        call = Call("DELETE", self._file(path), nothing, removes=True)
        await self._transport.send(call)

    def _file(self, path: str) -> str:
        return f"{self._path}/{file_path(path)}"

    def _directory(self, path: str) -> str:
        return self._file(path.strip("/") + "/") if path.strip("/") else f"{self._path}/"


def _bytes_of(content: bytes | str | IO[bytes] | os.PathLike[str]) -> bytes:
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, os.PathLike):
        with open(content, "rb") as file:
            return file.read()
    return content.read()
