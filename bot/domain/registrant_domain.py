"""The domain of registrants' synthetic addresses: the operator's own, and one that accepts no mail.

Zoom sends nothing to a registrant unless asked to, but whoever owns the domain could receive what slips through, so a mail provider's
domain would put strangers in the place of members.
"""

from __future__ import annotations

import re

from bot.domain.errors import UserMistake

_PROVIDERS = """
126.com 139.com 163.com 189.cn aim.com alice.it aliyun.com aol.com arcor.de att.net bell.net bellsouth.net bigpond.com
bk.ru bluewin.ch bol.com.br btinternet.com centrum.cz charter.net comcast.net cox.net daum.net disroot.org duck.com
earthlink.net eclipso.eu email.cz email.de fastmail.com fastmail.fm foxmail.com free.fr freemail.hu freenet.de
gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com guerrillamail.com hanmail.net hey.com hotmail.co.uk
hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it hushmail.com icloud.com ig.com.br inbox.lv inbox.ru interia.pl
kolabnow.com laposte.net libero.it list.ru live.co.uk live.com live.fr live.nl mac.com mail.com mail.de mail.ee
mail.ru mailbox.org mailfence.com mailinator.com me.com msn.com mykolab.com nate.com naver.com ntlworld.com o2.pl
onet.pl online.de onmail.com op.pl optonline.net orange.fr outlook.com outlook.de outlook.es outlook.fr pm.me
posteo.de posteo.net proton.me protonmail.ch protonmail.com qq.com rambler.ru rediffmail.com riseup.net rocketmail.com
rogers.com runbox.com sapo.pt sbcglobal.net seznam.cz sfr.fr shaw.ca sina.com sky.com sohu.com startmail.com
systemli.org t-online.de talktalk.net telenet.be tempmail.com terra.com.br tin.it trashmail.com tuta.com tuta.io
tutamail.com tutanota.com tutanota.de ukr.net uol.com.br verizon.net virgilio.it virginmedia.com vk.com vodafone.de
vodafone.it wanadoo.fr web.de wp.pl xtra.co.nz ya.ru yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com
yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it yandex.com yandex.ru yeah.net ymail.com yopmail.com ziggo.nl zoho.com
zoho.eu zohomail.com zoom.us zoomgov.com
"""
PUBLIC_MAIL_DOMAINS = frozenset(_PROVIDERS.split())
"""Well-known providers of mail addresses, and Zoom itself: nobody who runs a bot owns one of these."""

RESERVED_DOMAINS = frozenset({"example", "example.com", "example.net", "example.org", "test", "invalid", "localhost"})
"""Set aside for documents and tests (https://www.rfc-editor.org/rfc/rfc2606), so nobody can own one."""

MAX_DOMAIN = 96
"""Zoom takes 128 characters of `email`, and 32 of them stand before the domain
(https://developers.zoom.us/docs/api/meetings/#tag/meetings/post/meetings/{meetingId}/registrants)."""

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_ADVICE = "Give a subdomain of a domain you own, such as links.your-community.org, set up as docs/zoom-setup.md says."


def checked_domain(raw: str, *, reserved_allowed: bool = False) -> str:
    """The domain in lower case, as it goes behind the @.

    Args:
        reserved_allowed: also take names that are set aside for documents and tests; for the rehearsal only.

    Raises:
        UserMistake: it is no domain name, belongs to a mail provider, or can belong to nobody.
    """
    domain = _ascii(raw.strip().rstrip(".").lower())
    labels = domain.split(".")
    plausible = len(labels) >= 2 and all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    if not plausible or len(domain) > MAX_DOMAIN:
        raise UserMistake(f"is not a domain name. {_ADVICE}", code="domain_malformed")
    parents = {".".join(labels[start:]) for start in range(len(labels))}
    if parents & PUBLIC_MAIL_DOMAINS:
        raise UserMistake(
            f"belongs to a public provider, where somebody else could receive what is sent to members' addresses. {_ADVICE}",
            code="domain_public",
        )
    if parents & RESERVED_DOMAINS and not reserved_allowed:
        raise UserMistake(f"is set aside for examples and tests; nobody can own it. {_ADVICE}", code="domain_reserved")
    return domain


def _ascii(domain: str) -> str:
    """International names in the form that addresses use."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
