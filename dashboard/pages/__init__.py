"""One module a URL: each has `PATTERN`, `title`, `render`, and `register` where it has callbacks."""
