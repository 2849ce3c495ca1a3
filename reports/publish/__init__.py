"""Publishing: a gallery's files -> a store (a bucket on S3, a folder), shared by any number of machines.

    store.py        what a target must be able to do; `s3.py` and `folder.py` are the kinds there are
    contents.py     which files, as of a moment      serving.py    how each is handed out, and in which order
    manifest.py     what the store holds of a run    catalogue.py  the cards of all runs in the store
    publication.py  the whole of it                  website.py    a bucket as a website

Nothing in here imports torch, and boto3 only when a bucket is asked.
"""

from orbifolio.reports.publish.folder import Folder
from orbifolio.reports.publish.s3 import S3
from orbifolio.runner.settings import family

PUBLISHERS = (S3, Folder)
AnyPublisher = family(*PUBLISHERS)
