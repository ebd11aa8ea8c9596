"""Mail over IMAP (RFC 3501, RFC 9051): a calendar of the invites in a mailbox, the drafts, and push by IDLE."""
