"""Model cards: a version's recorded facts and its authors' words, as Markdown and as a page of its own."""
