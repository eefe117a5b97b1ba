"""The error answers of Discord's REST interface, and what a person's own app refuses before anything is sent.

Codes: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""

from __future__ import annotations

from bot.rehearsal.discord_world import Json


class ApiError(Exception):
    """An error answer `{"message", "code", "errors"}` with its HTTP status and, for 429, the seconds to wait."""

    def __init__(
        self, status: int, code: int, message: str, errors: Json | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.errors, self.retry_after = errors, retry_after

    def body(self) -> Json:
        """The JSON body of the answer."""
        body: Json = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        if self.retry_after is not None:
            body |= {"retry_after": self.retry_after, "global": False}
        return body


def unauthorized() -> ApiError:
    """The token is missing or wrong."""
    return ApiError(401, 0, "401: Unauthorized")


def not_found() -> ApiError:
    """No such route."""
    return ApiError(404, 0, "404: Not Found")


def missing_access() -> ApiError:
    """The bot cannot see the guild or channel."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """The bot sees the place but lacks the permission for the act."""
    return ApiError(403, 50013, "Missing Permissions")


def unknown(what: str, code: int) -> ApiError:
    """The thing named does not exist (any more)."""
    return ApiError(404, code, f"Unknown {what}")


def invalid_form(path: str, code: str, message: str) -> ApiError:
    """50035 with the nested `errors` object: `path` is like `components.0.components.1.url`."""
    errors: Json = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(path.split(".")) if path else ():
        errors = {part: errors}
    return ApiError(400, 50035, "Invalid Form Body", errors)


class NotVisible(AssertionError):
    """The person cannot see what a script wants them to use: the channel, the message, the button or the command."""


class RefusedByClient(AssertionError):
    """The person's own app would not send this: a missing required option, too many choices, a value that was not offered."""


class NoReply(TimeoutError):
    """The bot did not answer the person in time, or not in the way waited for."""
