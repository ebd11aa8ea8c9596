"""Microsoft 365 and Outlook.com by Microsoft Graph v1.0: calendars (read), drafts and notes. It has no way to send."""
