"""A calendar behind a secret address: one .ics file, read over https (`kind = "ics_url"`)."""
