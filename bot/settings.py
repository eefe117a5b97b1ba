"""The operator's settings: the only place that reads the environment (and a `.env` file beside it).

Every problem is found in one go and told in words that say what to do. No problem text ever repeats a value.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.domain.errors import UserMistake
from bot.domain.registrant_domain import checked_domain

_DATABASES = ("sqlite", "sqlite+aiosqlite", "postgres", "postgresql", "postgresql+psycopg")
_HOST_KEY = re.compile(r"[^\s@,]+@[^\s@,]+\.[^\s@,]+|[A-Za-z0-9_-]{8,}")

LogFormat = Literal["auto", "json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]


_ENOUGH = "says_enough"


def _says_enough(text: str) -> PydanticCustomError:
    """A problem whose text already says what to do, so that the setting's description need not follow."""
    return PydanticCustomError(_ENOUGH, "{text}", {"text": text})


class SettingsProblem(Exception):
    """Something is missing or wrong in the environment. `problems` has one sentence for each, with what to do."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("The settings are not complete:\n" + "\n".join(f"  - {problem}" for problem in problems))
        self.problems = problems


class Settings(BaseModel):
    """What the operator decided. Made in code it takes only what it is given; `load_settings` fills it from the environment.

    Each field's description says what it is and where to get it; it is what people read when the setting is missing or wrong.
    """

    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, str_strip_whitespace=True, use_attribute_docstrings=True
    )

    reserved_domains_allowed: ClassVar[bool] = False

    discord_token: SecretStr
    """The bot's token: https://discord.com/developers/applications > your app > Bot > Reset Token."""
    zoom_client_id: str
    """The Zoom app's Client ID: https://marketplace.zoom.us > Develop > your app > App Credentials. See docs/zoom-setup.md."""
    zoom_client_secret: SecretStr
    """The Zoom app's Client Secret, beside its Client ID."""
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode]
    """Keys that seal what is secret in the database. Make one with "vestibule keys new". The first seals, all open; several are divided by commas."""
    zoom_webhook_secret: SecretStr | None = None
    """The Zoom app's Secret Token, from its Event Subscriptions."""
    discord_guild_id: int | None = None
    """The id of the one server that may use the Zoom account of ZOOM_ACCOUNT_ID: Discord > right-click the server > Copy Server ID."""
    discord_members_intent: bool = False
    """true if the Server Members Intent is switched on for the bot at https://discord.com/developers/applications: people who leave then lose
    their link at once instead of within 5 minutes."""
    zoom_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Who may host on the Zoom account of ZOOM_ACCOUNT_ID: their Zoom e-mail addresses or user ids, divided by commas."""
    zoom_account_id: str | None = None
    """The Account ID of a server-to-server Zoom app. Needs DISCORD_GUILD_ID and ZOOM_HOSTS as well."""
    zoom_ws_subscription_id: str | None = None
    """The id of an event subscription of the Zoom app with the method WebSocket, instead of ZOOM_WEBHOOK_SECRET where nothing of yours can be reached
    from the internet. Needs ZOOM_ACCOUNT_ID. How Zoom wraps these events is not verified."""
    registrant_domain: str | None = None
    """A domain of your own that accepts no mail; members' synthetic addresses end in it. See docs/zoom-setup.md."""
    public_url: str | None = None
    """The https:// address under which the internet reaches this process."""
    data_dir: Path = Path("data")
    """A folder on a disk that lasts."""
    database_url: SecretStr | None = None
    """Where everything is kept: sqlite:///path/to/file.db or postgresql://user:password@host/database. Without it, vestibule.db in DATA_DIR."""
    sqlite_synchronous: Literal["normal", "full"] = "normal"
    """How careful SQLite is: normal survives a killed process, full a power cut too, more slowly."""
    host: str = "0.0.0.0"  # noqa: S104  (a platform's router has to reach it)
    """The address to listen on; 127.0.0.1 behind a proxy on the same machine."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """The port to listen on, a number up to 65535."""
    log_level: LogLevel = "info"
    """One of debug, info, warning, error."""
    log_format: LogFormat = "auto"
    """One of auto (readable on a terminal, JSON elsewhere), json, console."""
    shutdown_seconds: Annotated[float, Field(ge=0, le=25)] = 8.0
    """How many seconds work under way gets to finish when the process is told to stop, 0 to 25."""
    shard_count: Annotated[int, Field(ge=1, le=16_000)] | None = None
    """Only for "vestibule shard": how many shards there are in all; without it, as many as Discord recommends. The same for every process."""
    shards_per_process: Annotated[int, Field(ge=1, le=16_000)] | None = None
    """Only for "vestibule shard": how many of them one process serves while others serve the rest; without it, all it can get."""
    health_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """The port on which "worker" and "shard" answer health checks, a number up to 65535; without it they listen nowhere."""
    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = None
    """Who sends it as a bearer token may read /metrics, at least 16 characters; without it there is no /metrics."""
    dyno: str | None = None
    """Set by Heroku itself; tells that the disk does not outlive a restart."""

    @property
    def database_address(self) -> str:
        """DATABASE_URL, or the SQLite file in DATA_DIR. May hold a password."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'vestibule.db'}"

    @property
    def uses_sqlite(self) -> bool:
        """Whether everything is kept in one file."""
        return self.database_address.startswith("sqlite")

    @property
    def links_by_oauth(self) -> bool:
        """Whether people can link accounts. It needs an address for browsers, and no server-to-server app (an app of Zoom's is one or the other)."""
        return self.public_url is not None and self.zoom_account_id is None

    @property
    def hears_events(self) -> bool:
        """Whether Zoom has a way to tell what happens."""
        return self.zoom_webhook_secret is not None or self.zoom_ws_subscription_id is not None

    @property
    def keys(self) -> tuple[str, ...]:
        """SECRET_KEYS in clear, the sealing one first."""
        return tuple(key.get_secret_value() for key in self.secret_keys)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every literal that no log may show."""
        single = (
            self.discord_token,
            self.zoom_client_secret,
            self.zoom_webhook_secret,
            self.database_url,
            self.metrics_token,
        )
        return (*self.keys, *(secret.get_secret_value() for secret in single if secret is not None))

    @field_validator(
        "discord_token",
        "zoom_client_secret",
        "zoom_webhook_secret",
        "zoom_ws_subscription_id",
        "zoom_client_id",
        "zoom_account_id",
        "metrics_token",
    )
    @classmethod
    def _one_word(cls, value: SecretStr | str | None) -> SecretStr | str | None:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text is not None and (not text or any(character.isspace() for character in text)):
            raise ValueError("has a space in it or is empty; copy it again, by itself")
        return value

    @field_validator("secret_keys", "zoom_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            try:
                return json.loads(value)
            except ValueError:
                raise ValueError("starts like a JSON list but is none; divide the entries by commas instead") from None
        return [part.strip() for part in value.split(",") if part.strip()]

    @field_validator("secret_keys")
    @classmethod
    def _real_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        texts = [key.get_secret_value() for key in value]
        if not texts:
            raise ValueError("has no key in it")
        for position, text in enumerate(texts, start=1):
            try:
                Fernet(text)
            except ValueError:
                raise ValueError(f"entry {position} is not a key") from None
        if len(set(texts)) < len(texts):
            raise ValueError("has the same key twice; leave one out")
        return value

    @field_validator("zoom_hosts")
    @classmethod
    def _real_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for position, host in enumerate(value, start=1):
            if not _HOST_KEY.fullmatch(host):
                raise ValueError(f"entry {position} is neither an e-mail address nor a Zoom user id")
        return tuple(dict.fromkeys(host.lower() if "@" in host else host for host in value))

    @field_validator("discord_guild_id")
    @classmethod
    def _snowflake(cls, value: int | None) -> int | None:
        if value is not None and not 10**16 <= value < 2**63:
            raise ValueError("is not the id of a server, which has 17 to 19 digits")
        return value

    @field_validator("zoom_account_id")
    @classmethod
    def _bounded(cls, value: str | None, info: ValidationInfo) -> str | None:
        lacks = [
            name.upper() for name in ("discord_guild_id", "zoom_hosts") if info.data.get(name, "wrong") in (None, ())
        ]
        if value is not None and lacks:
            raise _says_enough(
                f"needs {' and '.join(lacks)} as well: a server-to-server app can act for every user of the account, "
                "so it is bound to one server and to the hosts you name"
            )
        return value

    @field_validator("zoom_ws_subscription_id")
    @classmethod
    def _of_one_account(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("zoom_account_id", "wrong") is None:
            raise _says_enough(
                "needs ZOOM_ACCOUNT_ID as well: Zoom's event stream is for the account that made the app"
            )
        return value

    @field_validator("registrant_domain")
    @classmethod
    def _own_domain(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            return checked_domain(value, reserved_allowed=cls.reserved_domains_allowed)
        except UserMistake as mistake:
            raise _says_enough(mistake.message) from None

    @field_validator("public_url")
    @classmethod
    def _https(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            plain = parts.scheme == "https" and parts.hostname and not (parts.username or parts.query or parts.fragment)
        except ValueError:
            plain = False
        if not plain:
            raise _says_enough("must be a plain https:// address, such as https://vestibule.your-community.org")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        scheme, separator, rest = value.get_secret_value().partition("://")
        if scheme not in _DATABASES or not separator or rest in ("", "/") or ":memory:" in rest:
            raise ValueError("is no address of a SQLite file or PostgreSQL server")
        return value

    @field_validator("log_level", "log_format", "sqlite_synchronous", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value


class RehearsalSettings(Settings):
    """Settings of a rehearsal: made in code, and allowed to use the domains that are set aside for examples."""

    reserved_domains_allowed: ClassVar[bool] = True


class _FromEnvironment(Settings, BaseSettings):
    """Settings that do read the environment and a `.env` file; empty variables count as absent."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore")


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings from `environ` instead of the process's environment and `.env`, if it is given.

    Raises:
        SettingsProblem: with everything that is missing or wrong.
    """
    try:
        if environ is None:
            return _FromEnvironment()  # type: ignore[call-arg]  # the environment gives what is required
        given = {name: environ[name.upper()] for name in Settings.model_fields if environ.get(name.upper())}
        return Settings.model_validate(given)
    except ValidationError as error:
        problems = dict.fromkeys(_problem(details) for details in error.errors(include_input=False, include_url=False))
    except (OSError, UnicodeError):
        problems = {"The file .env cannot be read. Make it a UTF-8 text file that this user may read.": None}
    raise SettingsProblem(tuple(problems))


def _problem(details: ErrorDetails) -> str:
    name = str(details["loc"][0])
    about = Settings.model_fields[name].description or ""
    if details["type"] == "missing":
        return f"{name.upper()} is missing. {about}"
    if details["type"] == _ENOUGH:
        return f"{name.upper()} {details['msg'].rstrip('.')}."
    if details["type"] == "value_error":
        said = details["msg"].removeprefix("Value error, ").rstrip(".")
        return f"{name.upper()} {said}. {about}"
    return f"{name.upper()} is not valid. {about}"


def colour_allowed() -> bool:
    """False if the person asked programs for plain output (https://no-color.org)."""
    return not os.environ.get("NO_COLOR")


def lost_features(settings: Settings) -> tuple[str, ...]:
    """What does not work without the optional settings that are not set, in plain sentences."""
    lost = []
    if settings.zoom_account_id is None and not settings.links_by_oauth:
        lost.append(
            "No ZOOM_ACCOUNT_ID: no Zoom account is connected, and without PUBLIC_URL none can be linked, so no meeting can be created. "
            "See docs/zoom-setup.md."
        )
    if settings.registrant_domain is None:
        lost.append(
            "No REGISTRANT_DOMAIN: members cannot get personal links; only open-door meetings can be created. See docs/zoom-setup.md."
        )
    if not settings.hears_events:
        lost.append(
            "No ZOOM_WEBHOOK_SECRET: there is no event endpoint, so running calls are looked up once a minute, and changes and registrations made "
            "at Zoom by hand go unnoticed. See docs/zoom-setup.md."
        )
    if settings.public_url is None:
        lost.append(
            "No PUBLIC_URL: nothing here has an address that Zoom or a browser could reach from outside, so nobody can link a Zoom account."
        )
    return tuple(lost)
