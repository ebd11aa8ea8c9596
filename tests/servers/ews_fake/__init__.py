"""An Exchange Web Services server of our own on loopback, with the oddities of a third-party one as a mode."""
