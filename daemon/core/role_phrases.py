"""Words around a position: labels and phrases, firm or vague, patterns of Chinese and Japanese, no beginnings."""

import re

FIRM_LABELS = frozenset(
    {
        "role",
        "position",
        "job title",
        "stelle",
        "poste",
        "puesto",
        "posizione",
        "ruolo",
        "functie",
        "vaga",
        "cargo",
        "stanowisko",
        "tjanst",
        "roll",
        "job",
        "vacancy",
        "job requisition",
        "position title",
        "vacature",
        "vacante",
        "which role did you apply for",
        "what role are you applying for",
    }
)
VAGUE = frozenset(
    {
        "for",
        "for a",
        "for an",
        "for the",
        "for our",
        "about the",
        "about a",
        "about our",
        "als",
        "como",
        "come",
        "comme",
        "som",
        "jako",
        "stelle",
        "entrevista para",
        "colloquio per",
        "sollicitatiegesprek",
    }
)
CJK_ROLES = (
    (r"([^\s、。「」（）：:，は]{2,20}?職)(?=の|に|と|を|で|[（(、。\s]|$)", 0.85),
    (
        (
            r"([^\s、。「」（）：:，]{2,24}?(?:エンジニア|マネージャー|デザイナー|アナリスト|コンサルタント|プランナー|ディレクター))(?:の(?:最終|一次|二次|三次|"
            r"技術)?(?:面接|選考|面談|ポジション|募集|求人)|職|として)"
        ),
        0.85,
    ),
    (
        r"(?:投递|应聘|申请)(?:了)?(?:的)?(?:我司|我们公司|我们)?([^\s，。、（）：:]{2,24}?)(?:岗位|职位|一职|的|，|。)",
        0.84,
    ),
    (r"([^\s，。、（）：:【】]{2,20}?)(?:岗位|职位|岗)(?:的)?(?:面试|一面|二面|三面|终面|初面)", 0.84),
    (r"(?:面试|面試|面接|邀请|通知|招聘)[：: \-–—]+([^（(\-–—：:]{2,24})", 0.74),
    (r"[（(【]?(?:一面|二面|三面|终面|初面|初试|复试)[)）】]?\s*[-–—：:]\s*([^（(：:]{2,24})", 0.74),
)
NOT_FIRST = re.compile(
    r"(?:meet|bring|please|review|discuss|talk|come|join|read|see|ask|call|prepare|"
    r"ar|is|are|was|ist|sind|war|est|sont|es|son|e|sono|sei|jest|sa|you|we|he|she|to|of|in|on|at|"
    r"and|or|und|oder|et|ou|y|o|ed|en|of|och|i|lub|if|wenn|si|als|not|no)\s"
)
