"""Writes traces.json: what Keras's callbacks do with given logs. Run with Keras 3.15 and its JAX backend."""

import io, itertools, json, math, os, random, tempfile
import numpy as np
import keras

HERE = os.path.dirname(os.path.abspath(__file__))


def model(rate=0.01):
    m = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    m.compile(keras.optimizers.SGD(rate), "mse", metrics=["accuracy", keras.metrics.AUC(name="auc")])
    m.fit(np.zeros((2, 2)), np.zeros((2, 1)), verbose=0)
    return m


def plain(x):
    if x is None:
        return None
    x = float(x)
    return x if math.isfinite(x) else str(x).replace("inf", "Infinity").replace("nan", "NaN")


def curves():
    r = random.Random(6)
    yield [1, 0.8, 0.7, 0.71, 0.72, 0.69, 0.75, 0.76, 0.77, 0.6, 0.65, 0.66]
    yield [1, 1, 1, 1, 1, 1]
    yield [0.5, float("nan"), 0.4, float("nan"), float("nan"), 0.3, 0.35, 0.36]
    yield [float("nan"), 0.5, 0.4, 0.3]
    for _ in range(4):
        yield [round(r.random() / (1 + i * 0.1), 4) for i in range(14)]


def trace(make, monitor, curve, state):
    m = model()
    callback = make()
    callback.set_model(m)
    saved = []
    m.save = lambda path, **_: saved.append(path)
    m.stop_training = False
    callback.on_train_begin()
    rows = []
    for epoch, value in enumerate(curve):
        m.layers[0].set_weights([np.full((2, 1), epoch, "float32"), np.zeros(1, "float32")])
        callback.on_epoch_begin(epoch)
        logs = {monitor: value}
        callback.on_epoch_end(epoch, logs)
        rows.append({**state(callback), "rate": plain(m.optimizer.learning_rate), "stop": m.stop_training, "saved": list(saved)})
        if m.stop_training:
            break
    callback.on_train_end()
    return {"rows": rows, "weights": plain(m.layers[0].get_weights()[0][0, 0])}


def grid(**choices):
    names = list(choices)
    return [dict(zip(names, values)) for values in itertools.product(*choices.values())]


cases = []


def add(cls, configs, monitor, state):
    for config in configs:
        for curve in curves():
            result = trace(lambda: getattr(keras.callbacks, cls)(monitor=monitor, **config), monitor, curve, state)
            saved = {k: v for k, v in config.items() if k != "filepath"}
            if "filepath" in config:
                saved["filepath"] = config["filepath"].replace(".keras", ".safetensors")
                for row in result["rows"]:
                    row["saved"] = [name.replace(".keras", ".safetensors") for name in row["saved"]]
            cases.append({"class_name": cls, "config": {"monitor": monitor, **saved}, "values": [plain(v) for v in curve], **result})


stopping = lambda c: {"wait": c.wait, "best": plain(c.best), "best_epoch": c.best_epoch}
add("EarlyStopping", grid(patience=[0, 1, 3], restore_best_weights=[True, False]), "val_loss", stopping)
add("EarlyStopping", grid(patience=[2], min_delta=[0.05, -0.05], start_from_epoch=[0, 3], restore_best_weights=[True]), "val_loss", stopping)
add("EarlyStopping", grid(patience=[2], baseline=[0.45], restore_best_weights=[True]), "val_loss", stopping)
add("EarlyStopping", grid(patience=[2], min_delta=[0.01], restore_best_weights=[True]), "val_auc", stopping)
plateau = lambda c: {"wait": c.wait, "best": plain(c.best), "cooldown": c.cooldown_counter}
add("ReduceLROnPlateau", grid(patience=[0, 1, 2], factor=[0.1, 0.5], cooldown=[0, 2]), "val_loss", plateau)
add("ReduceLROnPlateau", grid(patience=[1], factor=[0.3], min_lr=[0.002], min_delta=[0, 0.1]), "loss", plateau)
add("ReduceLROnPlateau", grid(patience=[1], mode=["max"], factor=[0.3]), "val_accuracy", plateau)
keeping = lambda c: {"best": plain(c.best)}
add("ModelCheckpoint", grid(filepath=["m/{epoch:02d}-{val_loss:.3f}.keras"], save_best_only=[True, False]), "val_loss", keeping)
add("ModelCheckpoint", grid(filepath=["best.keras"], save_best_only=[True], initial_value_threshold=[0.5], mode=["min"]), "val_loss", keeping)

schedules = []
for schedule in [
    keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5),
    keras.optimizers.schedules.CosineDecay(0.1, 5, warmup_target=0.3, warmup_steps=2),
    keras.optimizers.schedules.PiecewiseConstantDecay([2, 4], [0.1, 0.01, 0.001]),
]:
    m = model()
    callback = keras.callbacks.LearningRateScheduler(lambda epoch, s=schedule: float(s(epoch)))
    callback.set_model(m)
    rates = []
    for epoch in range(7):
        callback.on_epoch_begin(epoch)
        rates.append(plain(m.optimizer.learning_rate))
    schedules.append({"schedule": {"class_name": type(schedule).__name__, "config": schedule.get_config()}, "rates": rates})

tables = []
for logs in [
    [{"loss": 0.5, "accuracy": 1.0, "val_loss": 1e-05}, {"loss": 0.25, "accuracy": 0.0, "val_loss": float("nan")}],
    [{"loss": 123456.789, "mae": 1e16}, {"loss": 1e-4}],
    [{"loss": float("inf"), "f1": [0.5, 0.25], "val_loss": 3.0}],
]:
    for separator in [",", ";"]:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log.csv")
            callback = keras.callbacks.CSVLogger(path, separator=separator)
            callback.on_train_begin()
            for epoch, row in enumerate(logs):
                callback.on_epoch_end(epoch, row)
            callback.on_train_end()
            rows = [{k: [plain(x) for x in v] if isinstance(v, list) else plain(v) for k, v in row.items()} for row in logs]
            tables.append({"separator": separator, "logs": rows, "csv": open(path, newline="").read()})

with open(os.path.join(HERE, "traces.json"), "w") as file:
    file.write("{\n\"keras\": " + json.dumps(keras.__version__))
    for name, items in [("cases", cases), ("schedules", schedules), ("tables", tables)]:
        file.write(f",\n\"{name}\": [\n" + ",\n".join(json.dumps(item) for item in items) + "\n]")
    file.write("\n}\n")
