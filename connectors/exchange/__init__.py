"""Exchange Server on premises by EWS, through exchangelib: calendars (read), drafts and notes. It sends nothing."""
