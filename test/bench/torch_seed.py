"""The seed's autoencoder in PyTorch, the peer of the CPU benchmark.

Takes the number of threads and MNIST's file of training images. Reads `BATCH STEPS` lines on standard input and answers each with the milliseconds of every step, as JSON.
Run with OMP_WAIT_POLICY=passive and OMP_NUM_THREADS set: spinning threads ruin a shared machine. On Debian it wants
libopenblas0-pthread beside python3-torch: with the reference BLAS its transposed convolutions are four times slower.
"""

import json
import sys
import time

import numpy
import torch
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(int(sys.argv[1]))

model = nn.Sequential(
    nn.Conv2d(1, 16, 3), nn.ReLU(),
    nn.Conv2d(16, 32, 3), nn.ReLU(),
    nn.MaxPool2d(3),
    nn.Conv2d(32, 32, 3), nn.ReLU(),
    nn.Conv2d(32, 16, 3), nn.ReLU(),
    nn.AdaptiveMaxPool2d(1), nn.Flatten(),
    nn.Unflatten(1, (1, 4, 4)),
    nn.ConvTranspose2d(1, 16, 3), nn.ReLU(),
    nn.ConvTranspose2d(16, 32, 3), nn.ReLU(),
    nn.Upsample(scale_factor=3),
    nn.ConvTranspose2d(32, 16, 3), nn.ReLU(),
    nn.ConvTranspose2d(16, 1, 3), nn.ReLU(),
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
assert sum(p.numel() for p in model.parameters()) == 28241

pixels = numpy.fromfile(sys.argv[2], dtype=numpy.uint8, offset=16).reshape(-1, 1, 28, 28)
images = torch.from_numpy(pixels).float() / 255
at = 0

print("ready", flush=True)
for line in sys.stdin:
    batch, steps = map(int, line.split())
    times = []
    for _ in range(steps):
        at = (at + batch) % (len(images) - batch)
        x = images[at:at + batch]
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.mse_loss(model(x), x)
        loss.backward()
        optimizer.step()
        loss.item()
        times.append((time.perf_counter() - start) * 1000)
    print(json.dumps(times), flush=True)
