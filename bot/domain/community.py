"""A community's settings, who counts as verified, and who may do what.

Rights are evaluated from what the interaction itself says about the person, on every press.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from bot.domain.privacy import RETENTION
from bot.domain.values import ALLOWED, ChannelId, Decision, GuildId, MemberId, RoleId, refused


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What Discord says about a person at this moment. All times are aware UTC.

    `joined_at` is None where Discord did not say (guests). `quarantined` covers both AutoMod quarantine flags
    (https://docs.discord.com/developers/resources/guild#guild-member-object-guild-member-flags).
    """

    member_id: MemberId
    shown_name: str
    role_ids: frozenset[RoleId]
    created_at: datetime
    joined_at: datetime | None = None
    is_bot: bool = False
    pending: bool = False
    quarantined: bool = False
    timed_out_until: datetime | None = None
    manages_guild: bool = False


@dataclass(frozen=True, slots=True)
class Community:
    """The settings of one Discord guild. `/setup` edits them; everything has a safe default."""

    guild_id: GuildId
    verified_roles: frozenset[RoleId] = frozenset()
    organiser_roles: frozenset[RoleId] = frozenset()
    moderator_roles: frozenset[RoleId] = frozenset()
    on_call_role: RoleId | None = None
    moderators_channel: ChannelId | None = None
    announcement_channel: ChannelId | None = None
    timezone: str | None = None
    """IANA name, such as "Europe/Berlin". None until somebody chose one: times are then read as UTC, and said so."""
    country: str | None = None
    """ISO 3166-1 alpha-2, for the reporting routes."""
    min_account_age: timedelta = timedelta(days=7)
    min_membership_age: timedelta = timedelta(days=0)
    open_door_min_account_age: timedelta = timedelta(days=30)
    link_release: timedelta = timedelta(minutes=30)
    """How long before the start links are handed out."""
    reminder: timedelta = timedelta(minutes=10)
    """How long before the start people are reminded; zero: not at all."""
    retention: timedelta = RETENTION
    """How long after a meeting what is known of people in it is kept."""

    @property
    def zone(self) -> str:
        """The IANA zone in which phrases such as "tomorrow 7pm" are read."""
        return self.timezone or "UTC"

    def protected_roles(self) -> frozenset[RoleId]:
        """Every role that gives somebody something here."""
        named = self.verified_roles | self.organiser_roles | self.moderator_roles
        return named | ({self.on_call_role} if self.on_call_role is not None else frozenset())

    def changed(self, **changes: object) -> Community:
        """A copy with some settings changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


class Right(Enum):
    """What a person may be allowed to do. The value is how refusals name it."""

    SETUP = "change the settings"
    LINK_ACCOUNT = "link a Zoom account"
    ORGANISE = "create, edit or cancel meetings"
    MODERATE = "act on a live meeting"
    SEE_HOLDERS = "see the planned calls and who holds a link"
    INCIDENTS = "see incidents and write notes about them"
    EVIDENCE = "export evidence, and hold, release or close incidents"
    AUDIT = "read the record of what was done"


_ORGANISER_ONLY = frozenset({Right.LINK_ACCOUNT, Right.ORGANISE, Right.EVIDENCE, Right.AUDIT})


def may(right: Right, who: MemberFacts, community: Community) -> Decision:
    """Whether this person has this right here.

    Until `/setup` names organiser or moderator roles, "Manage Server" stands in for each; it always keeps `/setup`.
    An organiser may do all that a moderator may.
    """
    if right is Right.SETUP:
        if who.manages_guild:
            return ALLOWED
        return refused(
            "needs_manage_guild", 'You need the "Manage Server" permission to change the settings. Ask an admin here.'
        )
    if _has_any(who, community.organiser_roles):
        return ALLOWED
    if right not in _ORGANISER_ONLY and _has_any(who, community.moderator_roles):
        return ALLOWED
    stands_in = not community.organiser_roles or (right not in _ORGANISER_ONLY and not community.moderator_roles)
    if who.manages_guild and stands_in:
        return ALLOWED
    person = "an organiser" if right in _ORGANISER_ONLY else "a moderator"
    return refused(
        f"not_{person.split()[1]}",
        f"Only {person} can {right.value} here. If you should be one, ask an admin for the role.",
    )


def is_organiser(who: MemberFacts, community: Community) -> bool:
    """Whether this person organises here."""
    return bool(may(Right.ORGANISE, who, community))


@dataclass(frozen=True, slots=True)
class AdmissionPolicy:
    """Whom one meeting admits: the community's rule, narrowed by the meeting (AND, never OR).

    `verified_roles` is None for open-door meetings, where no verified role is asked for. An empty set admits nobody.
    """

    verified_roles: frozenset[RoleId] | None
    min_account_age: timedelta
    min_membership_age: timedelta = timedelta(0)
    extra_role: RoleId | None = None


def policy_for(community: Community, *, open_door: bool, extra_role: RoleId | None = None) -> AdmissionPolicy:
    """The policy of a meeting in this community."""
    if open_door:
        return AdmissionPolicy(None, community.open_door_min_account_age, timedelta(0), extra_role)
    return AdmissionPolicy(
        community.verified_roles, community.min_account_age, community.min_membership_age, extra_role
    )


def admits(policy: AdmissionPolicy, who: MemberFacts, now: datetime) -> Decision:
    """Whether `who` may have a link at `now`. The refusal says kindly what is missing and reveals nothing of the meeting."""
    for problem in (_standing_problem(who, now), _role_problem(policy, who), _age_problem(policy, who, now)):
        if problem is not None:
            return problem
    return ALLOWED


def _has_any(who: MemberFacts, roles: frozenset[RoleId]) -> bool:
    return not who.role_ids.isdisjoint(roles)


def _standing_problem(who: MemberFacts, now: datetime) -> Decision | None:
    if who.is_bot:
        return refused("bot", "Bots cannot join calls.")
    if who.pending:
        return refused(
            "pending",
            "Please accept this server's rules first (the banner at the bottom of the channel list), then press again.",
        )
    if who.timed_out_until is not None and who.timed_out_until > now:
        return refused(
            "timed_out", "You are timed out here at the moment. When it is over, press again, or ask a moderator."
        )
    if who.quarantined:
        return refused(
            "quarantined",
            "Discord has limited your profile here, usually because of the name or tag shown. Change it, or ask a moderator to lift it.",
        )
    return None


def _role_problem(policy: AdmissionPolicy, who: MemberFacts) -> Decision | None:
    if policy.verified_roles is not None:
        if not policy.verified_roles:
            return refused(
                "no_verified_role_set",
                "This server has not said yet who is verified, so nobody can get a link. Please tell an organiser: /setup, Verified roles.",
            )
        if not _has_any(who, policy.verified_roles):
            return refused(
                "not_verified",
                "Links are for verified members, and you are not verified here yet. Ask a moderator how to get verified.",
            )
    if policy.extra_role is not None and policy.extra_role not in who.role_ids:
        return refused(
            "not_in_group", "This one is for a smaller group here. If you should be part of it, ask an organiser."
        )
    return None


def _age_problem(policy: AdmissionPolicy, who: MemberFacts, now: datetime) -> Decision | None:
    if now - who.created_at < policy.min_account_age:
        return refused(
            "account_too_new",
            f"Your Discord account is newer than this server asks for ({_days(policy.min_account_age)}). "
            "Please ask a moderator; they can help you in another way.",
        )
    if policy.min_membership_age and (who.joined_at is None or now - who.joined_at < policy.min_membership_age):
        return refused(
            "joined_too_recently",
            f"You joined this server less than {_days(policy.min_membership_age)} ago, which is what it asks for. Please ask a moderator.",
        )
    return None


def _days(span: timedelta) -> str:
    days = max(1, -(-int(span.total_seconds()) // 86400))
    return "1 day" if days == 1 else f"{days} days"


class GapKind(Enum):
    """What a missing setting costs."""

    BLOCKS = "blocks"
    WEAKENS = "weakens"


@dataclass(frozen=True, slots=True)
class Gap:
    """A setting that is still missing, and what follows from it."""

    setting: str
    consequence: str
    kind: GapKind = GapKind.WEAKENS


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the community's settings depend on but do not hold: the operator's settings and the linked account."""

    has_zoom_account: bool
    has_event_endpoint: bool
    has_registrant_domain: bool
    sees_audit_log: bool = True
    sees_leaving: bool = True
    hosts_named: bool = True


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """What Discord says about a role somebody wants to give a meaning to."""

    role_id: RoleId
    name: str
    is_everyone: bool = False
    self_assignable: bool = False
    """People can give it to themselves (an onboarding prompt offers it)."""
    managed: bool = False


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """Who can view a channel, as far as the bot can see."""

    channel_id: ChannelId
    name: str
    visible_to_everyone: bool
    viewing_roles: frozenset[RoleId] = field(default_factory=frozenset)
    bot_can_post: bool = True


def role_problem(role: RoleFacts) -> Decision:
    """Whether a role may be given a meaning in `/setup`."""
    if role.is_everyone:
        return refused(
            "everyone_role",
            "@everyone cannot be used here: it would let everybody in. Choose a role that people are given by hand.",
        )
    return ALLOWED


def role_warning(role: RoleFacts) -> str | None:
    """A warning about a role that is allowed but weak."""
    if role.self_assignable:
        return (
            f'People can give themselves the role "{role.name}" in this server\'s onboarding. '
            "As a gate it keeps nobody out: better use one that a moderator gives."
        )
    return None


def moderators_channel_problem(channel: ChannelFacts, community: Community) -> Decision:
    """Whether a channel is private enough for moderators: neither @everyone nor a verified role may view it."""
    if channel.visible_to_everyone:
        return refused(
            "channel_public",
            f"Everyone can read #{channel.name}, and names of people in a call would appear there. "
            "Choose a channel that only moderators can view.",
        )
    if not community.verified_roles.isdisjoint(channel.viewing_roles):
        return refused(
            "channel_verified",
            f"Verified members can read #{channel.name}. Choose a channel that only moderators can view.",
        )
    if not channel.bot_can_post:
        return refused(
            "channel_closed_to_bot",
            f"I cannot write in #{channel.name}. Give me View Channel and Send Messages there, then choose it again.",
        )
    return ALLOWED


def gaps(community: Community, around: Surroundings) -> tuple[Gap, ...]:
    """What is still missing in this community, each with its consequence; what blocks the main job comes first."""
    found = [gap for missing, gap in _gap_table(community, around) if missing]
    return tuple(sorted(found, key=lambda gap: gap.kind is not GapKind.BLOCKS))


def _gap_table(community: Community, around: Surroundings) -> list[tuple[bool, Gap]]:
    blocks, weakens = GapKind.BLOCKS, GapKind.WEAKENS
    return [
        (
            not community.verified_roles,
            Gap("Verified roles", "nobody can get a link, except to open-door meetings.", blocks),
        ),
        (
            not around.has_zoom_account,
            Gap("Zoom account", "no meeting can be created. Type /zoom link, or see docs/zoom-setup.md.", blocks),
        ),
        (
            community.announcement_channel is None,
            Gap("Announcement channel", "meetings are not announced; members have to use /join.", weakens),
        ),
        (
            community.moderators_channel is None,
            Gap("Moderators' channel", "alerts have nowhere to go.", weakens),
        ),
        (
            not community.organiser_roles,
            Gap("Organiser roles", 'only people with "Manage Server" can create meetings.'),
        ),
        (not community.moderator_roles, Gap("Moderator roles", 'only people with "Manage Server" can act on a call.')),
        (community.on_call_role is None, Gap("On-call role", "nobody is called by a mention in an emergency.")),
        (community.timezone is None, Gap("Time zone", '"tomorrow 7pm" is read as UTC.')),
        (community.country is None, Gap("Country", "reporting routes are shown for all countries.")),
        (not around.hosts_named, Gap("Zoom hosts", "hosts are not told privately how to start their meeting.")),
        (
            not around.has_registrant_domain,
            Gap(
                "REGISTRANT_DOMAIN (the operator sets it)",
                "personal links are not possible; only open-door meetings can be created. See docs/zoom-setup.md.",
                blocks,
            ),
        ),
        (
            not around.has_event_endpoint,
            Gap(
                "ZOOM_WEBHOOK_SECRET (the operator sets it)",
                "I look up running calls once a minute, and do not notice what somebody changes or registers at Zoom by hand.",
            ),
        ),
        (
            not around.sees_audit_log,
            Gap("View Audit Log permission for me", "I notice lost roles, kicks and bans up to 5 minutes late."),
        ),
        (
            not around.sees_leaving,
            Gap("DISCORD_MEMBERS_INTENT (the operator sets it)", "I notice people who leave up to 5 minutes late."),
        ),
    ]
