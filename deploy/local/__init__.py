"""The one-command stack on this machine and its `lifecycle` command line."""
