"""HTML as people would have written it in plain text."""

from connectors.ics_text import html_to_text


def test_a_row_of_a_table_reads_as_a_line_with_its_label() -> None:
    row = "<tr><td>Interviewers</td><td>Capt. Ngozi Obi</td><td>Fleet Manager</td></tr>"
    text = html_to_text(f"<table>{row}<tr><td>9:00</td><td>Lunch</td></tr></table>", 500)
    assert text.split("\n") == ["Interviewers: Capt. Ngozi Obi, Fleet Manager", "", "9:00 Lunch"]
