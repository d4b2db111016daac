"""The models of peer-models.ts in PyTorch: the peer of the benchmarks.

Takes the number of threads, the device (cpu, cuda) and MNIST's file of training images. Reads lines of JSON on
standard input: {"model", "batch", "steps", "compile"}; a model written as "mlp:1000" is a perceptron of about so many
parameters. Answers each with the milliseconds of every step, as JSON. Run with OMP_WAIT_POLICY=passive and
OMP_NUM_THREADS set: spinning threads ruin a shared machine. On Debian it wants libopenblas0-pthread beside
python3-torch: with the reference BLAS its transposed convolutions are four times slower.
"""

import json
import sys
import time

import numpy
import torch
from torch import nn

threads, device, pixels_file = int(sys.argv[1]), torch.device(sys.argv[2]), sys.argv[3]
if device.type == "cuda" and not torch.cuda.is_available():
    sys.exit(f"PyTorch {torch.__version__} finds no CUDA here.")
torch.manual_seed(0)
torch.set_num_threads(threads)


class LastStep(nn.Module):
    """An LSTM that gives its last output, as Keras's does."""

    def __init__(self, features, units):
        super().__init__()
        self.lstm = nn.LSTM(features, units, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0][:, -1]


class Residual(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.inner = nn.Sequential(*layers)

    def forward(self, x):
        return self.inner(x) + x


class GlobalAverage(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


def seed():
    return nn.Sequential(
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


def perceptron(*widths):
    layers = [layer for a, b in zip(widths, widths[1:]) for layer in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


def cnn():
    layers = []
    for before, filters in ((3, 32), (32, 64), (64, 128)):
        layers += [
            nn.Conv2d(before, filters, 3, padding=1, bias=False),
            nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01), nn.ReLU(),
            nn.MaxPool2d(2),
        ]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 4 * 4, 10))


def lstm():
    return nn.Sequential(LastStep(32, 64), nn.Linear(64, 10))


def resnet():
    def block():
        return Residual(
            nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1), nn.ReLU()
        )

    return nn.Sequential(
        nn.Conv2d(3, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(),
        nn.MaxPool2d(3),
        block(), block(),
        nn.Conv2d(64, 64, 3), nn.ReLU(),
        GlobalAverage(),
        nn.Linear(64, 256), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(256, 10),
    )


SHAPES = {"mlp": (784,), "cnn": (3, 32, 32), "lstm": (40, 32), "resnet": (3, 32, 32)}
BUILD = {
    "seed": seed,
    "mlp": lambda: perceptron(784, 512, 512, 10),
    "cnn": cnn,
    "lstm": lstm,
    "resnet": resnet,
}


class Trainer:
    def __init__(self, name, compiled):
        kind, _, width = name.partition(":")
        self.digits = kind == "seed"
        self.shape = (int(width),) if width else SHAPES.get(kind)
        self.model = perceptron(int(width), int(width), 10) if width else BUILD[kind]()
        self.model.to(device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3, eps=1e-7)
        self.run = torch.compile(self.model) if compiled else self.model
        self.at = 0

    def batch(self, size):
        if self.digits:
            self.at = (self.at + size) % (len(images) - size)
            x = images[self.at:self.at + size]
            return x, x
        target = nn.functional.one_hot(torch.randint(10, (size,)), 10).float()
        return torch.rand(size, *self.shape), target

    def step(self, size):
        """Milliseconds of one step; the batch is made beside the clock, and its way to the device is in it."""
        x, target = self.batch(size)
        loss_of = nn.functional.mse_loss if self.digits else nn.functional.cross_entropy
        start = time.perf_counter()
        x, target = x.to(device), target.to(device)
        self.optimizer.zero_grad(set_to_none=True)
        loss = loss_of(self.run(x), target)
        loss.backward()
        self.optimizer.step()
        loss.item()
        return (time.perf_counter() - start) * 1000


images = numpy.fromfile(pixels_file, dtype=numpy.uint8, offset=16).reshape(-1, 1, 28, 28)
images = torch.from_numpy(images).float() / 255
trainers = {}

print(json.dumps({"torch": torch.__version__, "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu"}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    key = asked["model"], asked.get("compile", False)
    if key not in trainers:
        trainers = {key: Trainer(*key)}
    print(json.dumps([trainers[key].step(asked["batch"]) for _ in range(asked["steps"])]), flush=True)
