"""Google Calendar (read) and Gmail (drafts) by Google's own libraries, on the least permissions."""
