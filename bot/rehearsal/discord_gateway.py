"""The gateway of the Discord stand-in: sessions, shards, intents, resuming, compression.

https://docs.discord.com/developers/events/gateway and .../topics/opcodes-and-status-codes#gateway . Sessions survive a dropped socket and replay what
was missed; a socket closed by the client with 1000 or 1001 ends its session, as with the real service.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import zlib
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntFlag
from typing import Any

from aiohttp import WSMsgType, web

from bot.rehearsal.discord_limits import Limits, Window
from bot.rehearsal.discord_payloads import guild_create_json, member_json, user_json
from bot.rehearsal.discord_world import Guild, Json, World


class Intent(IntFlag):
    """https://docs.discord.com/developers/events/gateway#list-of-intents"""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_MODERATION = 1 << 2
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    DIRECT_MESSAGES = 1 << 12
    MESSAGE_CONTENT = 1 << 15
    GUILD_SCHEDULED_EVENTS = 1 << 16
    AUTO_MODERATION_CONFIGURATION = 1 << 20
    AUTO_MODERATION_EXECUTION = 1 << 21


PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT
KNOWN_INTENTS = (1 << 17) - 1 | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25
GUILDS_PER_SHARD = 2500
HEARTBEAT_INTERVAL_MS = 41_250
RESUME_BUFFER = 2000


class Connection:
    """One websocket. Frames are queued and written in order by one task; an int in the queue closes with that code."""

    def __init__(self, socket: web.WebSocketResponse, *, compress: bool) -> None:
        self._socket = socket
        self._zlib = zlib.compressobj() if compress else None
        self._queue: asyncio.Queue[str | int] = asyncio.Queue()
        self.closing = False

    def send(self, frame: str) -> None:
        """Queue one JSON text."""
        self._queue.put_nowait(frame)

    def close(self, code: int) -> None:
        """Queue closing with `code` after everything already queued."""
        self.closing = True
        self._queue.put_nowait(code)

    async def write(self) -> None:
        """Write the queue until told to close."""
        while True:
            frame = await self._queue.get()
            if isinstance(frame, int):
                await self._socket.close(code=frame)
                return
            if self._zlib is None:
                await self._socket.send_str(frame)
            else:
                data = self._zlib.compress(frame.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
                await self._socket.send_bytes(data)


@dataclass(eq=False)
class Session:
    """An identified client: its shard, its intents, and the dispatches it may yet ask to have replayed."""

    shard: int
    shards: int
    intents: int
    connection: Connection | None
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    sequence: int = 0
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=RESUME_BUFFER))

    def owns(self, guild: Guild | None) -> bool:
        """Whether events of `guild` (None: direct messages) belong to this shard."""
        return (0 if guild is None else (guild.id >> 22) % self.shards) == self.shard

    def dispatch(self, event: str, payload: Any) -> None:
        """Send an event, or keep it for the resume while the socket is gone."""
        self.sequence += 1
        frame = json.dumps({"op": 0, "d": payload, "s": self.sequence, "t": event})
        self.sent.append((self.sequence, frame))
        if self.connection is not None and not self.connection.closing:
            self.connection.send(frame)


class Gateway:
    """Accepts websockets, keeps sessions, and dispatches events to those whose shard and intents fit."""

    def __init__(self, world: World, token: str, limits: Limits, privileged: int) -> None:
        self._world, self._token, self._limits = world, token, limits
        self.privileged = privileged
        self.url = ""
        self.sessions: dict[str, Session] = {}
        self.identifies: list[Json] = []
        self.resumes = 0
        self._identify_windows: dict[int, Window] = {}

    @property
    def connected(self) -> bool:
        """Whether any session has a live socket."""
        return any(s.connection is not None for s in self.sessions.values())

    @property
    def answer_within(self) -> timedelta:
        """How long an unanswered interaction waits."""
        return timedelta(seconds=self._limits.answer_within)

    def dispatch(self, event: str, payload: Json, guild: Guild | None, *, need: int = 0, lack: int = 0) -> None:
        """Send `event` to the sessions of the guild's shard that have all intents of `need` and none of `lack`."""
        for session in self.sessions.values():
            if session.owns(guild) and session.intents & need == need and not session.intents & lack:
                session.dispatch(event, payload)

    def drop(self, code: int, *, resumable: bool = True) -> None:
        """Close every socket with `code`; with `resumable` false the sessions are forgotten, so RESUME is refused."""
        for session in self.sessions.values():
            if session.connection is not None:
                session.connection.close(code)
        if not resumable:
            self.sessions.clear()

    def ask_to_reconnect(self) -> None:
        """Send opcode 7 to every client."""
        for session in self.sessions.values():
            if session.connection is not None:
                session.connection.send(json.dumps({"op": 7, "d": None}))

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one client until its socket closes."""
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        connection = Connection(socket, compress=request.query.get("compress") == "zlib-stream")
        writer = asyncio.create_task(connection.write())
        try:
            if request.query.get("v", "10") != "10" or request.query.get("encoding", "json") != "json":
                connection.close(4012)
            else:
                connection.send(json.dumps({"op": 10, "d": {"heartbeat_interval": HEARTBEAT_INTERVAL_MS}}))
            await _Conversation(self, connection, socket).run()
        finally:
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await writer
        return socket

    def identify(self, data: Json, connection: Connection) -> Session | int | None:
        """A new session, a close code, or None for "invalid session" (identified too fast)."""
        self.identifies.append({k: v for k, v in data.items() if k != "token"})
        if data.get("token") != self._token or len(self.identifies) > self._limits.identifies_per_day:
            return 4004
        shard, shards = data.get("shard") or (0, 1)
        intents = data.get("intents")
        guilds = sum((g.id >> 22) % shards == shard for g in self._world.guilds.values()) if shards else 0
        for wrong, code in (
            (not 0 <= shard < shards, 4010),
            (not isinstance(data.get("properties"), dict) or not isinstance(intents, int), 4002),
            (isinstance(intents, int) and intents & ~KNOWN_INTENTS, 4013),
            (isinstance(intents, int) and intents & PRIVILEGED & ~self.privileged, 4014),
            (guilds > GUILDS_PER_SHARD, 4011),
        ):
            if wrong:
                return code
        key = shard % self._limits.max_concurrency
        window = self._identify_windows.setdefault(key, Window(1, self._limits.identify_window))
        window.seconds = self._limits.identify_window
        if not window.allow():
            return None
        session = Session(shard, shards, int(data["intents"]), connection)
        self.sessions[session.id] = session
        return session

    def greet(self, session: Session) -> None:
        """READY, then one GUILD_CREATE for each guild of the shard (with the GUILDS intent)."""
        bot = self._world.bot
        guilds = [g for g in self._world.guilds.values() if bot.id in g.members and session.owns(g)]
        session.dispatch(
            "READY",
            {
                "v": 10,
                "user": user_json(bot),
                "guilds": [{"id": str(g.id), "unavailable": True} for g in guilds],
                "session_id": session.id,
                "session_type": "normal",
                "resume_gateway_url": self.url,
                "shard": [session.shard, session.shards],
                "application": {"id": str(bot.id), "flags": 0},
            },
        )
        for guild in guilds if session.intents & Intent.GUILDS else ():
            session.dispatch("GUILD_CREATE", guild_create_json(self._world, guild))

    def resume(self, data: Json, connection: Connection) -> Session | int | None:
        """The session with what it missed replayed, a close code, or None when it cannot be resumed."""
        if data.get("token") != self._token:
            return 4004
        session = self.sessions.get(str(data.get("session_id")))
        seen = data.get("seq")
        if session is None or not isinstance(seen, int) or seen > session.sequence:
            return None
        missed = [frame for sequence, frame in session.sent if sequence > seen]
        if len(missed) != session.sequence - seen:
            return None
        self.resumes += 1
        session.connection = connection
        for frame in missed:
            connection.send(frame)
        session.dispatch("RESUMED", {})
        return session

    def members_chunk(self, session: Session, data: Json) -> Json | None:
        """The answer to opcode 8; None where the members intent is missing or the guild is unknown."""
        guild = self._world.guilds.get(int(data.get("guild_id") or 0))
        wanted = {int(i) for i in data.get("user_ids") or ()}
        if guild is None or (not wanted and not data.get("query") and not session.intents & Intent.GUILD_MEMBERS):
            return None
        prefix = str(data.get("query") or "").lower()
        found = [
            m
            for m in guild.members.values()
            if (m.id in wanted if wanted else m.display_name.lower().startswith(prefix))
        ]
        chunk: Json = {
            "guild_id": str(guild.id),
            "members": [member_json(m) for m in found],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [str(i) for i in wanted if i not in guild.members],
        }
        return chunk | ({"nonce": data["nonce"]} if data.get("nonce") else {})


class _Conversation:
    """What one client says on one socket."""

    def __init__(self, gateway: Gateway, connection: Connection, socket: web.WebSocketResponse) -> None:
        self._gateway, self._connection, self._socket = gateway, connection, socket
        self._session: Session | None = None
        self._sends = Window(gateway._limits.gateway_sends_per_minute, 60.0)

    async def run(self) -> None:
        async for frame in self._socket:
            if frame.type in (WSMsgType.TEXT, WSMsgType.BINARY) and not self._connection.closing:
                code = self._receive(frame.data)
                if code is not None:
                    self._connection.close(code)
        session = self._session
        if session is not None and session.connection is self._connection:
            session.connection = None
            if self._socket.close_code in (1000, 1001) and not self._connection.closing:
                self._gateway.sessions.pop(session.id, None)

    def _receive(self, data: str | bytes) -> int | None:
        """Act on one payload; a number is the code to close with."""
        if not self._sends.allow():
            return 4008
        try:
            payload = json.loads(data)
            op, d = payload["op"], payload.get("d")
        except (ValueError, KeyError, TypeError, AttributeError):
            return 4002
        if len(data) > 4096:
            return 4002
        if op == 1:
            self._connection.send(json.dumps({"op": 11}))
            return None
        if op in (2, 6):
            return 4005 if self._session is not None else self._enter(op, d)
        if op not in (3, 4, 8, 31):
            return 4001
        if self._session is None:
            return 4003
        if op == 8:
            chunk = self._gateway.members_chunk(self._session, d)
            if chunk is not None:
                self._session.dispatch("GUILD_MEMBERS_CHUNK", chunk)
        return None

    def _enter(self, op: int, data: object) -> int | None:
        if not isinstance(data, dict):
            return 4002
        enter = self._gateway.identify if op == 2 else self._gateway.resume
        result = enter(data, self._connection)
        if isinstance(result, int):
            return result
        if result is None:
            self._connection.send(json.dumps({"op": 9, "d": False}))
            return None
        self._session = result
        if op == 2:
            self._gateway.greet(result)
        return None
