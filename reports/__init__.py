"""Reports and galleries: the run's log -> static pages that need no server, no network and no script.

`write.write_report` renders one run, `write_gallery.update_index` the pages above it and
`write_gallery.rebuild_gallery` everything. Nothing in here imports torch.

Imports go one way: writing -> pages -> parts -> sweeps, charts, media -> data -> links and wording.
"""
