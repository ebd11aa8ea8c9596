"""Ways to reach the owner beside the inbox: the desktop, what Apprise reaches, mail to themselves, the log."""
