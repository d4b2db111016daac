import type { ErrorInfo, RunEvent } from '../../shared/api/events.ts';
import type { Report } from './report.ts';

/** One JSON object a line on stdout, and nothing else there; numbers that JSON can't hold are null. */
export function reportAsJson(): Report {
  const print = (event: string, fields: object) =>
    process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
  const problem = ({ code, message, saved }: ErrorInfo) => ({
    code,
    message,
    ...(saved && { saved }),
  });
  const one = (event: RunEvent) => {
    switch (event.type) {
      case 'state':
        print('state', { state: event.state });
        if (event.error) print('error', problem(event.error));
        break;
      case 'import': {
        const { phase, done, total, secondsLeft } = event;
        print('import', { phase, done, total, seconds_left: secondsLeft });
        break;
      }
      case 'preparing':
        print('preparing', {
          part: event.part,
          ...(event.of !== undefined && { of: event.of }),
          share: event.share,
        });
        break;
      case 'plan':
        print('start', {
          epochs: event.epochs,
          steps_per_epoch: event.stepsPerEpoch,
          batch_size: event.batchSize,
          samples: event.trainSamples,
          validation_samples: event.validationSamples,
          ...event.engine,
          ...(event.data && { data: event.data }),
        });
        break;
      case 'steps':
        event.losses.forEach((loss, i) => print('step', { step: event.first + i, loss }));
        break;
      case 'epoch':
        if (event.epoch === 0)
          print('initial', { epoch: 0, step: 0, val_loss: event.valLoss, ...event.logs });
        else
          print('epoch', {
            epoch: event.epoch,
            step: event.step,
            loss: event.loss,
            val_loss: event.valLoss,
            ...event.logs,
            samples_per_second: event.samplesPerSecond,
            waiting: event.waiting,
            seconds: event.seconds,
          });
        break;
      case 'images':
        print('images', { step: event.step, errors: event.errors });
        break;
      case 'checkpoint':
        print('checkpoint', { step: event.step, epoch: event.epoch });
        break;
      case 'callback': {
        const { type: _, seq: __, time: ___, ...act } = event;
        print('callback', act);
        break;
      }
      case 'trainable':
        print('trainable', { step: event.step, path: event.path, trainable: event.trainable });
        break;
      case 'resumed':
        print('resumed', {
          step: event.step,
          epoch: Math.max(0, event.epoch),
          passed_over: event.passedOver ?? [],
        });
        break;
      case 'adapting':
      case 'validation':
      case 'layers':
        break;
    }
  };
  return {
    events: (events) => events.forEach(one),
    note: (text) => process.stderr.write(`${text}\n`),
    end: ({ folder, state, lastStep, lastEpoch, error }) =>
      print('done', {
        run: folder,
        state,
        step: lastStep,
        epoch: lastEpoch?.epoch ?? 0,
        loss: lastEpoch?.loss ?? null,
        val_loss: lastEpoch?.valLoss ?? null,
        ...lastEpoch?.logs,
        ...(error && { error: problem(error) }),
      }),
    failed: (error) => print('error', problem(error)),
  };
}
