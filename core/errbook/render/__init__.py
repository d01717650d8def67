"""An entry as text, as Markdown, and the parts that every rendering shares."""
