"""The operator's settings: all problems at once, in words that help, and never with a value in them."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.domain.errors import UserMistake
from bot.domain.registrant_domain import PUBLIC_MAIL_DOMAINS, RESERVED_DOMAINS, checked_domain
from bot.settings import RehearsalSettings, Settings, SettingsProblem, load_settings, lost_features

ROOT = Path(__file__).resolve().parents[1]
KEY, OTHER_KEY = (base64.urlsafe_b64encode(bytes([number]) * 32).decode() for number in (1, 2))
REQUIRED = {
    "DISCORD_TOKEN": "discord-token-value",
    "ZOOM_CLIENT_ID": "zoom-client-value",
    "ZOOM_CLIENT_SECRET": "zoom-secret-value",
    "SECRET_KEYS": KEY,
}
LINKED = {"ZOOM_ACCOUNT_ID": "account", "DISCORD_GUILD_ID": "123456789012345678", "ZOOM_HOSTS": "ana@example.org"}
SET_BY_THE_PLATFORM = {"DYNO"}


def problems(**environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsProblem) as caught:
        load_settings(REQUIRED | environ)
    return caught.value.problems


def test_the_required_settings_are_enough() -> None:
    settings = load_settings(REQUIRED)
    assert settings.discord_token.get_secret_value() == "discord-token-value"
    assert settings.keys == (KEY,)
    assert (settings.port, settings.uses_sqlite, settings.database_address) == (
        8080,
        True,
        "sqlite:///data/vestibule.db",
    )


def test_everything_wrong_is_told_in_one_message() -> None:
    with pytest.raises(SettingsProblem) as caught:
        load_settings(
            {"PORT": "eighty", "PUBLIC_URL": "http://x.org", "REGISTRANT_DOMAIN": "gmail.com", "ZOOM_ACCOUNT_ID": "a"}
        )
    named = {problem.split()[0] for problem in caught.value.problems}
    assert named == {*REQUIRED, "PORT", "PUBLIC_URL", "REGISTRANT_DOMAIN", "ZOOM_ACCOUNT_ID"}
    assert all(problem in str(caught.value) for problem in caught.value.problems)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_required_setting_is_named_with_where_to_get_it(name: str) -> None:
    with pytest.raises(SettingsProblem) as caught:
        load_settings(REQUIRED | {name: ""})
    (problem,) = caught.value.problems
    assert problem.startswith(f"{name} is missing. ")
    assert len(problem) > len(name) + 30


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEYS", "canary-canary"),
        ("SECRET_KEYS", f"{KEY},canary-canary"),
        ("SECRET_KEYS", '["canary-canary'),
        ("SECRET_KEYS", '[1, "canary-canary"]'),
        ("DISCORD_TOKEN", "Bot canary-canary"),
        ("ZOOM_CLIENT_SECRET", "canary-canary\nx"),
        ("DATABASE_URL", "mysql://canary-canary@host/db"),
        ("DATABASE_URL", "sqlite:///:memory:canary-canary"),
        ("PUBLIC_URL", "https://canary-canary@host"),
        ("PUBLIC_URL", "https://[canary-canary"),
        ("PORT", "canary-canary"),
        ("DISCORD_GUILD_ID", "canary-canary"),
        ("ZOOM_HOSTS", "canary canary"),
        ("REGISTRANT_DOMAIN", "canary-canary"),
        ("LOG_LEVEL", "canary-canary"),
        ("SHUTDOWN_SECONDS", "canary-canary"),
    ],
)
def test_a_wrong_value_is_refused_and_never_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsProblem) as caught:
        load_settings(REQUIRED | {name: value})
    assert all(problem.startswith(name) for problem in caught.value.problems)
    shown: BaseException | None = caught.value
    while shown is not None:
        assert "canary-canary" not in repr(shown) + str(shown)
        shown = None if shown.__suppress_context__ else shown.__context__


def test_server_to_server_needs_its_server_and_its_hosts() -> None:
    (both,) = problems(ZOOM_ACCOUNT_ID="account")
    assert "DISCORD_GUILD_ID and ZOOM_HOSTS" in both
    (one,) = problems(ZOOM_ACCOUNT_ID="account", ZOOM_HOSTS="ana@example.org")
    assert "needs DISCORD_GUILD_ID as well" in one
    assert load_settings(REQUIRED | LINKED).zoom_hosts == ("ana@example.org",)


def test_a_wrong_guild_id_is_told_once_and_not_called_missing() -> None:
    (problem,) = problems(**LINKED | {"DISCORD_GUILD_ID": "12"})
    assert problem.startswith("DISCORD_GUILD_ID is not the id of a server")


def test_hosts_are_a_list_without_doubles_and_addresses_ignore_case() -> None:
    settings = load_settings(
        REQUIRED | LINKED | {"ZOOM_HOSTS": " Ana@Example.org , KdYKjnimT4KPd8FFgQt9FQ,ana@example.org, "}
    )
    assert settings.zoom_hosts == ("ana@example.org", "KdYKjnimT4KPd8FFgQt9FQ")


@pytest.mark.parametrize("text", [f"{KEY},{OTHER_KEY}", f" {KEY} , {OTHER_KEY}, ", json.dumps([KEY, OTHER_KEY])])
def test_keys_are_a_comma_list_or_a_json_list_in_order(text: str) -> None:
    assert load_settings(REQUIRED | {"SECRET_KEYS": text}).keys == (KEY, OTHER_KEY)


def test_the_same_key_twice_is_refused() -> None:
    (problem,) = problems(SECRET_KEYS=f"{KEY},{KEY}")
    assert "same key twice" in problem


@pytest.mark.parametrize(
    "url", ["postgres://u:p@h/db", "postgresql://u:p@h/db", "postgresql+psycopg://u:p@h/db", "sqlite:////var/lib/v.db"]
)
def test_databases_that_are_understood(url: str) -> None:
    settings = load_settings(REQUIRED | {"DATABASE_URL": url})
    assert settings.database_address == url
    assert settings.uses_sqlite is url.startswith("sqlite")


def test_secrets_are_masked_wherever_the_settings_are_printed() -> None:
    secrets = REQUIRED | {"ZOOM_WEBHOOK_SECRET": "hook-secret-value", "DATABASE_URL": "postgresql://u:pg-password@h/db"}
    settings = load_settings(secrets)
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    for secret in ("discord-token-value", "zoom-secret-value", KEY, "hook-secret-value", "pg-password"):
        assert secret not in shown
        assert any(secret in literal for literal in settings.secrets)


def test_settings_made_in_code_read_no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("PORT=7777\nZOOM_WEBHOOK_SECRET=from-file\n", encoding="utf-8")
    monkeypatch.setenv("PORT", "9999")
    monkeypatch.setenv("PUBLIC_URL", "https://stray.example.org")
    made = Settings(
        discord_token=SecretStr("t"),
        zoom_client_id="c",
        zoom_client_secret=SecretStr("s"),
        secret_keys=(SecretStr(KEY),),
    )
    assert (made.port, made.public_url, made.zoom_webhook_secret) == (8080, None, None)


def test_the_environment_wins_over_the_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [f"{name}={value}" for name, value in REQUIRED.items()]
    (tmp_path / ".env").write_text(
        "\n".join([*lines, "PORT=7777", "LOG_LEVEL=WARNING", "OF_SOMEBODY_ELSE=1"]), encoding="utf-8"
    )
    monkeypatch.setenv("PORT", "9999")
    monkeypatch.setenv("LOG_LEVEL", "")
    settings = load_settings()
    assert (settings.port, settings.log_level, settings.keys) == (9999, "warning", (KEY,))


def test_an_unreadable_env_file_is_one_clear_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(SettingsProblem) as caught:
        load_settings()
    assert caught.value.problems == (
        "The file .env cannot be read. Make it a UTF-8 text file that this user may read.",
    )


def test_the_example_file_names_every_setting_and_no_other() -> None:
    example = set(dotenv_values(ROOT / ".env.example"))
    assert example == {name.upper() for name in Settings.model_fields} - SET_BY_THE_PLATFORM


def test_the_example_file_shows_the_defaults() -> None:
    shown = {name: value for name, value in dotenv_values(ROOT / ".env.example").items() if value}
    settings, example = load_settings(REQUIRED), load_settings(REQUIRED | shown)
    assert settings.model_dump() == example.model_dump()


def test_every_setting_in_the_example_file_has_a_comment_above_its_group() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    for paragraph in re.split(r"\n\s*\n", text):
        assert paragraph.lstrip().startswith("#") or paragraph.startswith("ZOOM_ACCOUNT_ID")


def test_every_setting_has_a_description_to_show() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_what_is_lost_is_said_only_while_it_is_lost() -> None:
    assert {text.split(":")[0] for text in lost_features(load_settings(REQUIRED))} == {
        "No ZOOM_ACCOUNT_ID",
        "No REGISTRANT_DOMAIN",
        "No ZOOM_WEBHOOK_SECRET",
        "No PUBLIC_URL",
    }
    by_oauth = load_settings(REQUIRED | {"PUBLIC_URL": "https://vestibule.example.org"})
    assert by_oauth.links_by_oauth
    assert not any("ZOOM_ACCOUNT_ID" in text for text in lost_features(by_oauth))
    full = LINKED | {
        "REGISTRANT_DOMAIN": "links.vestibule-community.org",
        "ZOOM_WEBHOOK_SECRET": "hook",
        "PUBLIC_URL": "https://vestibule.example.org/",
    }
    settings = load_settings(REQUIRED | full)
    assert lost_features(settings) == ()
    assert settings.public_url == "https://vestibule.example.org"
    assert not settings.links_by_oauth, "an app of Zoom's is server-to-server or user-managed"


@pytest.mark.parametrize(
    "domain",
    ["gmail.com", "GMail.com.", " mail.gmail.com ", "a.b.outlook.com", "posteo.de", "zoom.us", "eu.yahoo.co.uk"],
)
def test_a_public_mail_domain_is_refused_with_all_below_it(domain: str) -> None:
    with pytest.raises(UserMistake, match="public provider") as caught:
        checked_domain(domain)
    assert caught.value.code == "domain_public"


@given(st.sampled_from(sorted(PUBLIC_MAIL_DOMAINS)), st.from_regex(r"([a-z0-9]{1,8}\.){0,3}", fullmatch=True))
def test_no_spelling_of_a_provider_passes(domain: str, below: str) -> None:
    for spelling in (domain, below + domain, (below + domain).upper(), f" {below}{domain}. "):
        with pytest.raises(UserMistake):
            checked_domain(spelling)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nodots",
        "a..b.org",
        "-a.org",
        "a-.org",
        "x@y.org",
        "https://y.org",
        "a b.org",
        "127.0.0.1",
        "a.org/x",
        "a" * 64 + ".org",
        "ab." * 40 + "org",
    ],
)
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(UserMistake, match="not a domain name"):
        checked_domain(text)


def test_an_own_domain_is_taken_in_lower_case_and_international_ones_as_dns_writes_them() -> None:
    assert checked_domain(" Links.Vestibule-Community.ORG. ") == "links.vestibule-community.org"
    assert checked_domain("links.bücherei.de") == "links.xn--bcherei-n2a.de"
    assert checked_domain("notgmail.com") == "notgmail.com"


@pytest.mark.parametrize("domain", sorted(f"links.{name}" for name in RESERVED_DOMAINS))
def test_reserved_domains_are_for_the_rehearsal_only(domain: str) -> None:
    with pytest.raises(UserMistake, match="nobody can own it"):
        checked_domain(domain)
    made = RehearsalSettings.model_validate(
        {name.lower(): value for name, value in REQUIRED.items()} | {"registrant_domain": domain}
    )
    assert made.registrant_domain == domain
    (problem,) = problems(REGISTRANT_DOMAIN=domain)
    assert problem.startswith("REGISTRANT_DOMAIN is set aside")
