# Made from _async/account.py by `npm run docs`; change that one.
"""Keys and credits."""

from __future__ import annotations

from collections.abc import Iterator

from .._calls import Call, keyed, nothing, queried, said, segment
from .._parse import field_reader, page_reader, reader
from .._types import Credits, Key, LedgerEntry, NewKey, Page
from .transport import Transport


class Keys:
    """The keys of an account."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self, name: str | None = None, *, idempotency_key: str | None = None
    ) -> NewKey:
        """Adds a key to the account; for a client without a key, opens an account."""
        call = Call("POST", "/api/keys", reader(NewKey), body=said(name=name))
        return self._transport.send(keyed(call, idempotency_key))

    def list(self) -> list[Key]:
        """All of them, by marks to tell them apart."""
        return self._transport.send(Call("GET", "/api/keys", field_reader(Key, "keys")))

    def rename(self, key_id: str, name: str | None) -> Key:
        """Gives a key another name, or none."""
        path = f"/api/keys/{segment(key_id)}"
        return self._transport.send(Call("PATCH", path, reader(Key), body={"name": name}))

    def rotate(
        self, key_id: str, *, grace_ms: int | None = None, idempotency_key: str | None = None
    ) -> NewKey:
        """Makes a new key in the place of an old one, which works on for `grace_ms`."""
        path = f"/api/keys/{segment(key_id)}/rotate"
        call = Call("POST", path, reader(NewKey), body=said(graceMs=grace_ms))
        return self._transport.send(keyed(call, idempotency_key))

    def revoke(self, key_id: str, *, force: bool = False) -> None:
        """Revokes a key at once; the last one only by force, because it gives up the account."""
        path, query = f"/api/keys/{segment(key_id)}", queried(force="true" if force else None)
        self._transport.send(Call("DELETE", path, nothing, query=query, removes=True))


class Account:
    """What an account has."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def credits(self) -> Credits:
        """What there is, and what may be done with it."""
        return self._transport.send(Call("GET", "/api/credits", reader(Credits)))

    def ledger(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[LedgerEntry]:
        """A page of the entries that led there, newest first."""
        read, query = page_reader(LedgerEntry, "entries"), queried(limit=limit, cursor=cursor)
        return self._transport.send(Call("GET", "/api/credits/ledger", read, query=query))

    def iterate_ledger(self) -> Iterator[LedgerEntry]:
        """All entries, newest first."""
        cursor: str | None = None
        while True:
            page = self.ledger(limit=200, cursor=cursor)
            for item in page.items:
                yield item
            cursor = page.cursor
            if cursor is None:
                return

    def webhook_secret(self) -> str:
        """What webhooks of this account are signed with."""

        def read(data: dict[str, str]) -> str:
            return str(data.get("secret", ""))

        return self._transport.send(Call("GET", "/api/webhook-secret", read))
