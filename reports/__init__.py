"""Reports and galleries: the run's log -> static pages that need no server, no network and no script.

`write.write_report` renders one run, `gallery.update_index` the pages above it and
`gallery.rebuild_gallery` everything. Nothing in here imports torch.
"""
