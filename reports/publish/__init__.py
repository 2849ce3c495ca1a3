"""Publishing: a gallery's files -> a store (a bucket on S3, a folder), shared by any number of machines.

    store.py        what a target must be able to do; `s3.py` and `folder.py` are the two kinds
    contents.py     which files there are, as of a moment
    serving.py      the headers of each file, and its place in the upload order
    manifest.py     what the store holds of one run
    catalogue.py    the cards of all runs in the store
    uploading.py    many uploads at once
    run.py          one run; `index.py` and `index_pages.py` are the pages above the runs
    publisher.py    all of it, in order
    website.py      a bucket as a website; `bucket_arn.py` names its objects in policies

Nothing in here imports torch, and boto3 is imported only when a bucket is asked.
"""

from __future__ import annotations

from typing import Annotated, Any

from orbifolio.runner.settings import KindFamily

PUBLISHERS = KindFamily(
    {
        "s3": "orbifolio.reports.publish.s3:S3",
        "folder": "orbifolio.reports.publish.folder:FolderTarget",
    },
)
AnyPublisher = Annotated[Any, PUBLISHERS]
