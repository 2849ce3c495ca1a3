"""What pages are made of: one frozen dataclass for each part, with the template that shows it.

A part is finished: text in words, addresses relative to its page, booleans already decided. `id` is
unique on a page; a part that is `listed` appears in the page's table of contents by its `title`.
"""
