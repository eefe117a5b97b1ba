"""The file that keeps acts while the database is silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.store.spool import FileSpool
from bot.domain.containment import Act, ActKind, Outcome, Step, StepKind
from bot.domain.errors import NeedsAttention
from bot.domain.values import ActId, GuildId, MeetingId, ParticipantId

NOW = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)


def act(name: str) -> Act:
    steps = (Step(StepKind.REMOVE, ParticipantId("p/+=")),)
    return Act(ActId(name), ActKind.REMOVE, GuildId(1), MeetingId("m"), None, None, NOW, steps, recorded=False)


async def test_acts_are_kept_in_order_until_they_are_dropped(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path / "acts")
    assert await spool.waiting() == []
    await spool.put(act("b"))
    await spool.put(act("a"))
    newer = replace(act("b"), steps=(act("b").steps[0].turned(Outcome.DONE, NOW),))
    await spool.put(newer)
    assert await FileSpool(tmp_path / "acts").waiting() == [act("a"), newer]
    await spool.drop(ActId("a"))
    await spool.drop(ActId("a"))
    assert await spool.waiting() == [newer]


async def test_half_written_and_foreign_files_are_passed_over(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path)
    await spool.put(act("a"))
    (tmp_path / "b.json").write_text('{"act_id": "b"', encoding="utf-8")
    (tmp_path / "c.json").write_text("[]", encoding="utf-8")
    (tmp_path / "d.new").write_text("{}", encoding="utf-8")
    assert await spool.waiting() == [act("a")]
    assert (tmp_path / "b.json").exists()


async def test_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "acts").write_text("in the way", encoding="utf-8")
    with pytest.raises(NeedsAttention) as said:
        await FileSpool(tmp_path / "acts").put(act("a"))
    assert said.value.code == "data_dir"


async def test_id_that_is_no_file_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="id"):
        await FileSpool(tmp_path).put(act("../a"))
