"""What an organiser reads after deciding about a meeting that was changed at Zoom."""

from __future__ import annotations

from bot.adapters.discord_chat.replies.shape import Reply, say
from bot.adapters.discord_chat.replies.wording import bullets, moment, title, typed
from bot.services.drift import Decided


def restored(done: Decided) -> Reply:
    """What Zoom made of it, as read back."""
    if not done.left:
        return say(
            f"### Restored: {title(done.meeting)}",
            "Zoom has it as it was; I read it back. Links that people have still work.",
            code="restored",
        )
    return say(
        f"### Not all of it could be restored: {title(done.meeting)}",
        "Zoom kept this in spite of my asking; somebody may have locked it for the whole account:",
        bullets(typed(difference.said) for difference in done.left),
        "",
        "Change it at zoom.us and press **Restore** again, or press **Accept**.",
        code="restored_in_part",
    )


def accepted(done: Decided) -> Reply:
    """What holds from now on."""
    return say(
        f"### Accepted: {title(done.meeting)}",
        f"It stays as it is at Zoom now. It starts {moment(done.meeting.starts_at)}.",
        "If its time or topic changed, the announcement follows.",
        code="drift_accepted",
    )
