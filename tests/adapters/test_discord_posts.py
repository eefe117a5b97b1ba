"""What the bot posts by itself, and that none of it gives anything away."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import discord
import pytest

from bot.adapters.discord_chat.posts import Post, announcement_post, host_brief_text, notice_post, owner_ask_post
from bot.domain.meeting import ProfileName, public_words
from bot.domain.values import ChannelId, GuildId, LinkId, MeetingId
from bot.ports import Announcement, HostBrief, Notice, OwnerAsk, Phase
from tests.adapters.discord_rig import START

MEETING = MeetingId("01JD0000000000000000000000")
BEGINS = START + timedelta(hours=3)
ANNOUNCEMENT = Announcement(
    meeting_id=MEETING,
    guild_id=GuildId(1),
    channel_id=ChannelId(2),
    topic="Chess evening",
    starts_at=BEGINS,
    ends_at=BEGINS + timedelta(minutes=90),
    opens_at=BEGINS - timedelta(minutes=30),
    profile=ProfileName.MEMBERS,
    phase=Phase.SCHEDULED,
)
BRIEF = HostBrief(
    MEETING, GuildId(1), "Chess evening", BEGINS, "a…@example.org", alternative=False, personal_links=True
)


def buttons(post: Post) -> list[tuple[str | None, str | None]]:
    children = post.view.children if post.view is not None else []
    return [(child.label, child.custom_id) for child in children if isinstance(child, discord.ui.Button)]


async def test_announcement_says_what_when_how_long_and_how_safe() -> None:
    post = announcement_post(ANNOUNCEMENT)
    stamp = int(BEGINS.timestamp())
    assert "Chess evening" in post.content
    assert f"<t:{stamp}:F> (<t:{stamp}:R>), 1 hour 30 minutes" in post.content
    assert all(line in post.content for line in public_words(ProfileName.MEMBERS, personal_links=True))
    assert f"Links open <t:{stamp - 1800}:R>" in post.content
    assert buttons(post) == [("Get my link", f"join:{MEETING}")]


async def test_announcement_without_registration_promises_no_personal_link() -> None:
    post = announcement_post(replace(ANNOUNCEMENT, personal_links=False))
    assert "of their own" not in post.content
    assert "not pass it on" in post.content


async def test_announcement_says_that_links_are_open() -> None:
    post = announcement_post(replace(ANNOUNCEMENT, phase=Phase.LINKS_OPEN))
    assert "Links are open now" in post.content
    assert buttons(post) == [("Get my link", f"join:{MEETING}")]


@pytest.mark.parametrize(("phase", "words"), [(Phase.ENDED, "over"), (Phase.CANCELLED, "will not take place")])
async def test_a_meeting_that_is_no_more_has_no_button(phase: Phase, words: str) -> None:
    post = announcement_post(replace(ANNOUNCEMENT, phase=phase))
    assert words in post.content
    assert post.view is None


async def test_small_group_is_said_without_naming_it() -> None:
    assert "smaller group" in announcement_post(replace(ANNOUNCEMENT, small_group=True)).content
    assert "smaller group" not in announcement_post(ANNOUNCEMENT).content


async def test_topic_cannot_ping_format_or_hide_a_link() -> None:
    topic = "**@everyone** <@5> <@&6>\n# see [here](https://evil.example)"
    content = announcement_post(replace(ANNOUNCEMENT, topic=topic)).content
    heading = content.splitlines()[0]
    assert "@everyone" not in heading
    assert re.search(r"(?<!\\)<@", heading) is None
    assert "\\*\\*" in heading
    assert "[here](https" not in heading.replace("\\[here](https", "")
    assert heading.endswith("evil.example)")


async def test_cancelled_notice_names_nobody_and_answers_each_in_private() -> None:
    post = notice_post(Notice.CANCELLED, replace(ANNOUNCEMENT, phase=Phase.CANCELLED))
    assert "cancelled" in post.content
    assert "<@" not in post.content
    assert buttons(post) == [("Was I signed up?", f"asked:{MEETING}")]


async def test_the_library_keeps_no_view_of_what_was_posted() -> None:
    post = announcement_post(ANNOUNCEMENT)
    assert post.view is not None
    assert post.view.is_finished()


def test_host_is_told_to_sign_in_and_whom_to_admit() -> None:
    text = host_brief_text(BRIEF)
    assert "sign in to Zoom as **a…@example.org**" in text
    assert "Meetings" in text
    assert "Only you or a co-host can admit" in text
    assert "`/meeting show`" in text
    assert 'Never press "Admit all"' in text
    assert "http" not in text


def test_host_of_a_call_without_personal_links_is_not_promised_tags() -> None:
    text = host_brief_text(replace(BRIEF, personal_links=False, alternative=True))
    assert "an alternative host" in text
    assert "/meeting show" not in text
    assert "Nobody has a tag" in text
    assert 'Never press "Admit all"' in text


async def test_owner_is_asked_with_a_button_to_the_server_and_no_sign_in_page() -> None:
    post = owner_ask_post(OwnerAsk(GuildId(7), LinkId("link-1"), "a…@example.org"))
    assert "a…@example.org" in post.content
    assert "`/zoom link`" in post.content
    assert "link-1" not in post.content
    assert post.view is not None
    (button,) = post.view.children
    assert isinstance(button, discord.ui.Button)
    assert button.url == "https://discord.com/channels/7"
