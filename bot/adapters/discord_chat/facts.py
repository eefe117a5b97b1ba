"""What Discord says about a person, as the domain wants to know it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import discord

from bot.domain.community import MemberFacts
from bot.domain.errors import UserMistake
from bot.domain.values import MemberId, RoleId


def member_facts(member: discord.Member, *, manages_guild: bool) -> MemberFacts:
    """The facts in a member object (https://docs.discord.com/developers/resources/guild#guild-member-object).

    Role ids are taken as Discord sent them: `Member.roles` leaves out roles that are not in the library's cache yet.
    """
    flags = member.flags
    return MemberFacts(
        member_id=MemberId(member.id),
        shown_name=member.display_name,
        role_ids=frozenset(RoleId(role_id) for role_id in member._roles),
        created_at=member.created_at,
        joined_at=member.joined_at,
        is_bot=member.bot or member.system,
        pending=member.pending,
        quarantined=flags.automod_quarantined_username or flags.automod_quarantined_guild_tag,
        timed_out_until=member.timed_out_until,
        manages_guild=manages_guild,
    )


def facts_of(interaction: discord.Interaction[Any]) -> MemberFacts:
    """The person who acted, from the payload of their act alone: roles and permissions are those of this moment.

    Raises:
        UserMistake: it was done outside a server.
    """
    member = interaction.user
    if not isinstance(member, discord.Member):
        raise UserMistake(
            "This works in a server only. Open your community's server and use it there.", code="no_guild"
        )
    allowed = interaction.permissions
    owns = interaction.guild is not None and interaction.guild.owner_id == member.id
    return member_facts(member, manages_guild=allowed.manage_guild or allowed.administrator or owns)


def asked_at(interaction: discord.Interaction[Any]) -> datetime:
    """When the person acted: Discord dates every interaction by its id (https://docs.discord.com/developers/reference#snowflakes)."""
    return interaction.created_at
