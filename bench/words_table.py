"""Write the drafts that docs/words.md shows: one for each language and stage, between its two marks.

python bench/words_table.py            rewrites the part of docs/words.md between the marks
python bench/words_table.py --check    says whether it is up to date, exit 1 if not
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from daemon.core.compose import NATIVE_REVIEWED, compose, languages
from daemon.core.model import Fact, Interview, Outcome, Recipient, RecipientKind, Stage, Voice
from daemon.core.words_library import table

PAGE = Path(__file__).resolve().parent.parent / "docs" / "words.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"

SAMPLES = {
    "en": ("Data Engineer", "Northwind Analytics", "Jane Doe", "Alex Kim", "America/New_York"),
    "de": ("Teamleitung Einkauf", "Kaltwasser Energie", "Petra Müller", "Alex Kim", "Europe/Berlin"),
    "fr": ("chef de produit", "Atelier Garonne", "Hélène Roussel", "Alex Kim", "Europe/Paris"),
    "es": ("Técnico de laboratorio", "Laboratorios Albora", "Nuria Castells", "Alex Kim", "Europe/Madrid"),
    "it": ("Ingegnere di processo", "Officine Lagorai", "Marta Invernizzi", "Alex Kim", "Europe/Rome"),
    "nl": ("UX-onderzoeker", "Polderlicht", "Joris Hendriks", "Alex Kim", "Europe/Amsterdam"),
    "pt": ("Assistente administrativo", "Papelaria Mondego", "Teresa Quaresma", "Alex Kim", "America/Sao_Paulo"),
    "pl": ("Analityk finansowy", "Jantar Finanse", "Marcin Głowacki", "Alex Kim", "Europe/Warsaw"),
    "sv": ("projektledare", "Nordlyktan", "Petter Ahlgren", "Alex Kim", "Europe/Stockholm"),
    "ja": ("生産技術エンジニア", "みなと精機", "大西 真理", "田中 翔", "Asia/Tokyo"),
    "zh": ("数据产品经理", "云栖零售", "赵文博", "林晓", "Asia/Shanghai"),
}


def sample(language: str, stage: Stage | None) -> tuple[Interview, Recipient, Voice]:
    """An interview in November at 15:00 with one person, made up."""
    role, company, name, owner, zone = SAMPLES.get(language, SAMPLES["en"])
    start = datetime(2026, 11, 20, 15, tzinfo=ZoneInfo(zone))
    interview = Interview(
        id=f"{language}-{stage}",
        parts=(),
        start=start,
        end=start + timedelta(hours=1),
        zone=ZoneInfo(zone),
        outcome=Outcome.THANK,
        language=language,
        role=Fact(role, "made up", 1.0),
        company=Fact(company, "made up", 1.0),
        stage=Fact(stage.value, "made up", 1.0) if stage else None,
    )
    return interview, Recipient(name, "name@example.org", RecipientKind.INTERVIEWER, "was in the room"), Voice(owner)


def rendered() -> str:
    """The whole table as Markdown."""
    lines = []
    for language in languages():
        mark = "" if language in NATIVE_REVIEWED else " (not yet read by a native speaker)"
        lines += [f"### {table(f'{language}/phrases.toml')['language']['name']}, `{language}`{mark}", ""]
        lines += ["| stage | subject | text |", "|---|---|---|"]
        for stage in (None, *Stage):
            words = compose(*sample(language, stage))
            cells = (stage.value if stage else "not known", words.subject, words.body.replace("\n", "<br>"))
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)


def main() -> int:
    """Rewrite the page or check it."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    fresh = f"{before}{BEGIN}\n\n{rendered()}\n{END}{after}"
    if "--check" in sys.argv[1:]:
        print("docs/words.md is up to date" if fresh == page else "docs/words.md is stale: python bench/words_table.py")
        return int(fresh != page)
    PAGE.write_text(fresh, encoding="utf-8")
    print(f"wrote {PAGE.name}: {len(languages())} languages, {len(Stage) + 1} drafts each")
    return 0


if __name__ == "__main__":
    sys.exit(main())
