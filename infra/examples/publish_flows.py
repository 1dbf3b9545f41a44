"""Publish what loops measure, each minute: an example for a traffic system to copy.

First `citybrain publisher add my-loops --family traffic-flow`, then give the file it tells of:
`.venv/bin/python infra/examples/publish_flows.py FILE`, or its name in CITYBRAIN_CREDENTIALS.
"""

import random
import sys
import time

from streams.credentials import read_credentials
from streams.publisher import EventRefusedError, Publisher

with Publisher(read_credentials(*sys.argv[1:])) as publisher:  # Ctrl-C sends what is left
    while True:
        for loop in range(1, 25):
            measured = {"sensor_id": f"loop-{loop:04}", "longitude": 117.0203, "latitude": 36.6612,
                        "interval_seconds": 60, "flow": 840.0, "speed": random.gauss(41, 8)}
            try:
                publisher.send("traffic-flow", measured)
            except EventRefusedError as error:
                print(error, file=sys.stderr)  # field, value and reason; the others go on
        publisher.flush()  # raises ComponentError where the broker does not confirm
        print(f"{publisher.delivered} confirmed", flush=True)
        time.sleep(60)
