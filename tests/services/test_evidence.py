"""Evidence packs: what is in them and what never is, who may see members, what Zoom refuses, and that a changed pack shows."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.evidence.page import drawing, page
from bot.auditing import check_evidence
from bot.domain.community import MemberFacts
from bot.domain.errors import NeedsAttention, Transient, UserMistake
from bot.domain.evidence import CallRun, Evidence, Happening, Presence
from bot.domain.incident import Category
from bot.domain.leak import Leak, LeakKind
from bot.domain.meeting import Meeting
from bot.domain.values import ChannelId, LeakId, MemberId, MessageId
from bot.ports import Attended, EventKind, IncomingEvent, PastRecord
from bot.services.admissions import LinkReady
from bot.services.evidence import Pack
from bot.services.incidents import Waiting
from bot.services.reporting import ReportAsk
from tests.services.conftest import ANA, BEN, GUILD, LINK, MALLORY, MODERATOR, OLGA, ORGANISER, VERIFIED, Vestibule
from tests.services.test_rooms import event, person, told

OTTO = MemberId(7_700_000_000_000_045)
SEEN = "Zorro shouted and posted https://us02web.zoom.us/j/9?pwd=CANARY-9 and https://cdn.discordapp.com/CANARY-8.png"
CANARY = "CANARY"


def organiser(v: Vestibule, member_id: MemberId = OLGA) -> MemberFacts:
    return v.person(member_id, ORGANISER)


async def raid(v: Vestibule, *, over: bool = True) -> Meeting:
    """A call with a member and a stranger who shares, a posted link, a report, and the end."""
    meeting = await v.live_links(topic="Choir")
    ready = await v.admissions.ask(GUILD, meeting.meeting_id, v.ana(), asked_at=v.clock.now())
    assert isinstance(ready, LinkReady)
    async with v.store.work() as uow:
        invite = await uow.invites.current(meeting.meeting_id, ANA)
        assert invite is not None
        leak = Leak(
            LeakId("leak-1"),
            GUILD,
            meeting.meeting_id,
            LeakKind.MEMBER,
            v.clock.now(),
            ChannelId(31),
            MessageId(99),
            BEN,
            BEN,
        )
        await uow.leaks.add(replace(leak, invite_id=invite.invite_id, member_id=ANA))
        await uow.commit()
    now = v.clock.now()
    stranger = {"user_name": "Zorro https://zoom.us/j/2?pwd=CANARY-2"}
    events: list[IncomingEvent] = [
        event(meeting, EventKind.STARTED, now),
        person(meeting, EventKind.JOINED, now, "ana", registrant_id=str(invite.registrant_id)),
        replace(
            person(meeting, EventKind.JOINED, now + timedelta(minutes=1), "zorro"),
            facts={"participant_uuid": "zorro", "user_id": "u9", "email_hash": "hash-CANARY", **stranger},
        ),
        person(meeting, EventKind.SHARING_STARTED, now + timedelta(minutes=2), "zorro", content="desktop"),
        person(meeting, EventKind.LEFT, now + timedelta(minutes=3), "zorro", leave_reason="removed"),
        event(meeting, EventKind.RISK_ALERT, now + timedelta(minutes=3), post_platform="X"),
    ]
    if over:
        events.append(event(meeting, EventKind.ENDED, now + timedelta(minutes=5)))
    await told(v, *events)
    v.clock.advance(minutes=6)
    await v.incidents.reporting.report(GUILD, v.ana(), ReportAsk(Category.HATE, SEEN))
    await v.incidents.incidents.note(GUILD, v.person(BEN, MODERATOR), 1, "Rang 101 tk=CANARY-7")
    return meeting


async def export(v: Vestibule, who: MemberFacts | None = None, *, names: bool = False) -> Pack:
    done = await v.incidents.evidence.export(GUILD, who or organiser(v), 1, names=names)
    assert isinstance(done, Pack)
    return done


def unpacked(pack: Pack) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(pack.data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def facts(pack: Pack) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(unpacked(pack)["evidence.json"])
    return found


async def test_pack_holds_the_call_minute_by_minute(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await raid(v)
    found = facts(await export(v))
    assert found["meeting"]["zoom_meeting_id"] == meeting.zoom_id
    assert [run["meeting_uuid"] for run in found["runs"]] == ["u1"]
    assert [(each["participant_uuid"], each["seat"]) for each in found["presences"]] == [
        ("ana", "known"),
        ("zorro", "unknown"),
    ]
    (ana, zorro) = found["presences"]
    assert ana["tag"]
    assert ana["invite"]
    assert zorro["left_because"] == "removed"
    assert zorro["joined_at"].endswith("Z")
    assert [each["what"] for each in found["happenings"]][:3] == [
        "meeting.participant_joined",
        "meeting.started",
        "meeting.participant_joined",
    ]
    assert "meeting.sharing_started" in {each["what"] for each in found["happenings"]}
    assert [each["where"].split(",")[0] for each in found["posted"]] == ["Discord", "in public"]
    assert f"channels/{GUILD}/31/99" in found["posted"][0]["where"]
    assert {"meeting.created", "incident.open", "incident.export"} <= {each["what"] for each in found["deeds"]}
    assert [each["text"][:13] for each in found["told"]] == ["Zorro shouted", "Rang 101 tk=["]
    assert found["audit_digest"]


async def test_no_byte_of_a_pack_lets_anybody_in_or_leads_to_imagery(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await raid(v)
    v.past_calls.refused.clear()
    v.past_calls.rows[PastRecord.DASHBOARD] = [
        Attended("https://zoom.us/j/3?pwd=CANARY-3", None, None, ip_address="192.0.2.7")
    ]
    for who in (OLGA, OTTO):
        done = await v.incidents.evidence.export(GUILD, organiser(v, who), 1, names=True)
    assert isinstance(done, Pack)
    async with v.store.read() as uow:
        passcode, shared = (
            await uow.meetings.passcode(meeting.meeting_id),
            await uow.meetings.shared_link(meeting.meeting_id),
        )
        invite = await uow.invites.current(meeting.meeting_id, ANA)
        assert invite is not None
        link = await uow.invites.link(invite.invite_id)
        key = await uow.signing_keys.get()
    assert passcode is not None
    assert shared is not None
    assert link is not None
    assert key is not None
    inside = "".join(unpacked(done).values())
    for secret in (
        passcode.reveal(),
        shared.reveal(),
        link.reveal(),
        key.reveal(),
        CANARY,
        invite.address,
        "/j/",
        "/w/",
    ):
        assert secret not in inside
        assert secret.encode() not in done.data
    for image in ("<img", "<script", "data:image", "src=", "@import", "url("):
        assert image not in unpacked(done)["timeline.html"]


async def test_members_are_shown_to_two_organisers_only(vestibule: Vestibule) -> None:
    v = vestibule
    await raid(v)
    hidden = await export(v)
    assert str(ANA) not in {each["member"] for each in facts(hidden)["presences"]}
    assert {each["by"] for each in facts(hidden)["told"]} == {"a member", "not shown"}
    assert "Discord user" not in "".join(unpacked(hidden).values())
    first = await v.incidents.evidence.export(GUILD, organiser(v), 1, names=True)
    assert isinstance(first, Waiting)
    assert isinstance(await v.incidents.evidence.export(GUILD, organiser(v), 1, names=True), Waiting)
    v.clock.advance(minutes=14)
    shown = facts(await export(v, organiser(v, OTTO), names=True))
    assert [each["member"] for each in shown["presences"]] == [f"Discord user {ANA}", ""]
    assert shown["told"][0]["by"] == f"Discord user {ANA}"
    assert f"Discord user {OLGA}" in {each["by"] for each in shown["deeds"]}
    assert (await v.actions())[-2:] == ["incident.consent_second", "incident.export"]
    v.clock.advance(minutes=1)
    assert isinstance(await v.incidents.evidence.export(GUILD, organiser(v, OTTO), 1, names=True), Waiting), "once each"


async def test_one_organiser_is_enough_while_an_emergency_is_open(vestibule: Vestibule) -> None:
    v = vestibule
    await raid(v)
    async with v.store.work() as uow:
        incident = await uow.incidents.numbered(GUILD, 1)
        assert incident is not None
        await uow.incidents.save(replace(incident, emergency=True))
        await uow.commit()
    assert (await export(v, names=True)).members_shown
    await v.incidents.incidents.close(GUILD, organiser(v), 1)
    assert isinstance(await v.incidents.evidence.export(GUILD, organiser(v), 1, names=True), Waiting)


async def test_nobody_but_organisers_gets_a_pack(vestibule: Vestibule) -> None:
    v = vestibule
    await raid(v)
    for who in (v.person(BEN, MODERATOR), v.person(ANA, VERIFIED), v.person(MALLORY)):
        with pytest.raises(UserMistake, match="Only an organiser"):
            await v.incidents.evidence.export(GUILD, who, 1, names=False)


async def test_what_zoom_refuses_is_a_sentence_and_what_it_gives_is_in_the_pack(vestibule: Vestibule) -> None:
    v = vestibule
    await raid(v)
    at = datetime(2026, 12, 1, 17, tzinfo=UTC)
    v.past_calls.rows[PastRecord.REPORT] = [Attended("Zorro", at, at, "9", "", "", "left")]
    v.past_calls.refused[PastRecord.PAST] = Transient("Later.")
    pack = await export(v)
    found = facts(pack)
    assert [(each["name"], len(each["rows"])) for each in found["zoom"]] == [
        ("Zoom's participant report", 1),
        ("Zoom's list of past participants", 0),
        ("Zoom's dashboard", 0),
    ]
    assert len(pack.missing) == 2
    assert "Business plan" in pack.missing[1]
    assert "again later" in pack.missing[0]
    assert "legal process" in found["ip_note"]
    assert "none" in found["ip_note"]
    v.past_calls.refused = {PastRecord.DASHBOARD: NeedsAttention("No.", code="zoom_no_permission")}
    assert "zoom_no_permission" in (await export(v)).missing[0]


async def test_ip_addresses_are_in_it_only_where_the_dashboard_gave_them(vestibule: Vestibule) -> None:
    v = vestibule
    await raid(v)
    v.past_calls.refused.clear()
    v.past_calls.rows[PastRecord.DASHBOARD] = [Attended("Zorro", None, None, ip_address="192.0.2.7")]
    found = facts(await export(v))
    assert found["zoom"][2]["rows"][0]["ip_address"] == "192.0.2.7"
    assert "dashboard" in found["ip_note"]


async def test_pack_of_a_running_call_says_so_and_asks_zoom_for_nothing(vestibule: Vestibule) -> None:
    v = vestibule
    await raid(v, over=False)
    pack = await export(v)
    assert pack.still_running
    assert v.past_calls.asked == []
    assert "still running" in facts(pack)["remarks"][0]


async def test_pack_without_any_call_can_be_made(vestibule: Vestibule) -> None:
    v = vestibule
    await v.incidents.reporting.report(GUILD, v.ana(), ReportAsk(Category.OTHER, "x"))
    found = facts(await export(v))
    assert (found["runs"], found["presences"], found["zoom"]) == ([], [], [])


async def test_events_of_a_held_call_outlive_the_week(vestibule: Vestibule) -> None:
    v = vestibule
    await raid(v)
    await v.run_jobs()
    v.clock.advance(days=20)
    await v.intake.remove_old()
    assert len(facts(await export(v))["happenings"]) == 7
    await v.incidents.incidents.close(GUILD, organiser(v), 1)
    v.clock.advance(days=31)
    assert await v.intake.remove_old() >= 7


async def test_changed_added_and_missing_files_and_another_key_are_found(vestibule: Vestibule, tmp_path: Path) -> None:
    v = vestibule
    await raid(v)
    pack = await export(v)
    files = unpacked(pack)
    fingerprint = files["README.txt"].strip().splitlines()[-1].strip()

    def checked(changed: dict[str, str | None], key: str | None = None) -> tuple[bool, str]:
        said: list[str] = []
        file = tmp_path / "pack.zip"
        with zipfile.ZipFile(file, "w") as archive:
            for name, text in ({**files} | changed).items():
                if text is not None:
                    archive.writestr(name, text)
        return check_evidence(file, key, said.append), "\n".join(said)

    assert checked({}, fingerprint) == (True, f"Incident 1 of community {GUILD}: 4 files, all as they were signed.")
    assert fingerprint in checked({})[1]
    good, said = checked({"evidence.json": files["evidence.json"].replace("Zorro", "Ana")})
    assert (good, said) == (False, "evidence.json was changed after signing.")
    assert checked({"picture.png": "x"})[1] == "picture.png was added after signing."
    assert checked({"timeline.html": None})[1] == "timeline.html is missing."
    assert checked({}, "0" * 64) == (False, f"It is signed with another key, {fingerprint}.")
    assert "signature" in checked({"manifest.jws": files["manifest.jws"][:-6] + "AAAAAA"})[1]
    assert "no evidence pack" in checked({"manifest.jws": None})[1]
    (tmp_path / "pack.zip").write_text("not a zip")
    said_now: list[str] = []
    assert not check_evidence(tmp_path / "pack.zip", None, said_now.append)
    assert not check_evidence(tmp_path / "absent.zip", None, said_now.append)


def evidence(*people: Presence, happened: tuple[Happening, ...] = ()) -> Evidence:
    at = datetime(2026, 12, 1, 17, tzinfo=UTC)
    return Evidence(
        incident=1,
        category="Hate",
        community="1",
        opened_at=at,
        made_at=at,
        emergency=False,
        legal_hold="",
        meeting=(),
        runs=(CallRun("u", at, at + timedelta(hours=1)),),
        presences=people,
        happenings=happened,
        posted=(),
        deeds=(),
        told=(),
        zoom=(),
        members_shown=False,
        ip_note="",
        audit_entry=0,
        audit_digest="",
    )


def test_names_are_text_in_the_page_whatever_they_hold() -> None:
    at = datetime(2026, 12, 1, 17, tzinfo=UTC)
    nasty = '"><script>alert(1)</script><b'
    shown = page(evidence(Presence("u", "p", "1", nasty, "unknown", first_seen=at, joined_at=at)))
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown


def test_drawing_fits_a_thousand_people_and_one() -> None:
    at = datetime(2026, 12, 1, 17, tzinfo=UTC)
    crowd = [
        Presence("u", f"p{n}", str(n), f"N{n}", "known", first_seen=at, joined_at=at + timedelta(minutes=1))
        for n in range(1000)
    ]
    drawn = drawing(evidence(*crowd))
    assert drawn is not None
    assert len(drawn.bars) == 1000
    assert all(0 <= bar.inside[0] <= bar.inside[1] <= drawn.width for bar in drawn.bars if bar.inside)
    assert 2 <= len(drawn.marks) <= 13
    assert drawing(evidence()) is None
    alone = drawing(evidence(replace(crowd[0], joined_at=None, left_at=at)))
    assert alone is not None
    assert alone.bars[0].inside is None


async def test_owner_of_another_link_is_asked_for_nothing(vestibule: Vestibule) -> None:
    v = vestibule
    meeting = await raid(v)
    await export(v)
    assert meeting.link_id == LINK
    assert v.past_calls.asked[0] == ("u1", PastRecord.REPORT)
