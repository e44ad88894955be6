"""A mail server in a process of its own, that counts, refuses, stalls and dies as it is told.

python -m tests.process.mail_sink PORT FOLDER

FOLDER/orders.json tells it what to do and may change at any time:
    every     an answer to every recipient, in place of "250"
    to        answers to single recipients
    password  "wrong" refuses whoever signs in
    pace      seconds that each message takes
    stalls    this many messages from now on are taken and never answered
    dies      the process ends after taking this many more, without answering the last one
FOLDER/accepted has a line for each message it took: its Message-ID and for whom it came.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO


class Sink:
    """What all connections share."""

    def __init__(self, folder: Path) -> None:
        self.orders_file = folder / "orders.json"
        self.accepted: TextIO = (folder / "accepted").open("a", buffering=1)
        self.seen = 0.0
        self.orders: dict[str, Any] = {}

    def told(self) -> dict[str, Any]:
        """Return the orders as they are now."""
        try:
            changed = self.orders_file.stat().st_mtime_ns
            if changed != self.seen:
                self.orders, self.seen = json.loads(self.orders_file.read_text()), changed
        except FileNotFoundError:
            self.orders = {}
        return self.orders

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client."""
        writer.write(b"220 sink\r\n")
        to: list[str] = []
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA" and not to:
                answer = "503 to nobody"
            elif word == b"DATA":
                writer.write(b"354 go on\r\n")
                answer = await self._data(reader, to)
                to = []
            elif word == b"RCPT":
                address = line.partition(b"<")[2].partition(b">")[0].decode()
                answer = self._recipient(address)
                if answer.startswith("250"):
                    to.append(address)
            elif word in (b"MAIL", b"RSET"):
                to, answer = [], "250 OK"
            elif word == b"QUIT":
                answer = "221 bye"
            elif word == b"AUTH":
                wrong = self.told().get("password") == "wrong"
                answer = "535 5.7.8 no" if wrong else "235 yes"
            else:
                answer = (
                    "250-sink\r\n250-PIPELINING\r\n250 AUTH PLAIN" if word == b"EHLO" else "250 OK"
                )
            writer.write(f"{answer}\r\n".encode())
            if word == b"QUIT":
                break
        writer.close()

    def _recipient(self, address: str) -> str:
        told = self.told()
        return str(told.get("to", {}).get(address) or told.get("every") or "250 OK")

    async def _data(self, reader: asyncio.StreamReader, to: list[str]) -> str:
        """Take one message: it is written down, whatever becomes of the answer."""
        message = await reader.readuntil(b"\r\n.\r\n")
        told = self.told()
        if told.get("pace"):
            await asyncio.sleep(told["pace"])
        mark = message.lower().partition(b"message-id: <")[2].partition(b">")[0].decode()
        self.accepted.write(f"{mark} {','.join(to)}\n")
        if told.get("stalls"):
            told["stalls"] -= 1
            await asyncio.sleep(600)
        if told.get("dies"):
            told["dies"] -= 1
            if not told["dies"]:
                os._exit(9)
        return "250 accepted"


async def main(port: int, folder: Path) -> None:
    """Serve until killed."""
    sink = Sink(folder)
    server = await asyncio.start_server(sink.serve, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
