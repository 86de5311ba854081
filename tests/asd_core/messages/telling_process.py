"""A process that tells a receiver of nights and can be killed: folder, address, nights as JSON; says when it begins."""

import json
import sys

from asd_core.messages.posting import post
from asd_core.messages.receivers import Receiver
from asd_core.messages.teller import Teller
from asd_core.store.local_files import LocalFiles
from tests.asd_core.messages.nights import night


def main(folder, url, nights):
    def impatient(url, body, seconds):
        return post(url, body, min(seconds, 0.3))

    told = Teller(LocalFiles(folder), [Receiver("webhook", url)], impatient, sleep=lambda _: None)
    print("begins", flush=True)
    for date, rows in nights:
        told.tell("twfr-gmm-1", night(*rows, date=date))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
