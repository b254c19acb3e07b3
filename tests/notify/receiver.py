"""A receiver of signed pushes over a real socket: it keeps what it got and answers as it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Receiver:
    """`answers` are given in turn, the last one from then on."""

    url: str = ""
    answers: list[str] = field(default_factory=lambda: ["HTTP/1.1 204 No Content\r\n"])
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:]
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head) if name
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.got.append((headers, body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer:
            writer.write(f"{answer}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        writer.close()


@asynccontextmanager
async def open_receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    receiver.url = f"http://127.0.0.1:{port}/belvedere"
    async with server:
        yield receiver
