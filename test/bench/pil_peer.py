"""Decodes every image below a folder with PIL, resized to 28 by 28 px grey, in as many processes as told.

Takes the folder and the number of processes; prints the seconds that it took, as JSON. The peer of data.ts.
"""

import json
import os
import sys
import time
from multiprocessing import Pool

from PIL import Image

folder, processes = sys.argv[1], int(sys.argv[2])
files = [os.path.join(base, name) for base, _, names in os.walk(folder) for name in names]


def decode(file):
    return len(Image.open(file).convert("L").resize((28, 28), Image.BILINEAR).tobytes())


with Pool(processes) as pool:
    started = time.perf_counter()
    total = sum(pool.imap_unordered(decode, files, chunksize=32))
    print(json.dumps({"files": len(files), "bytes": total, "seconds": time.perf_counter() - started}))
