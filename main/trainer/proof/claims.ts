import type { ProofClaim, ProofDetail } from '../../../shared/api/contract.ts';
import { layerOf, type LayerId, type ModelSpec } from '../../../shared/keras/spec.ts';
import type { NamedTensors, TensorData } from '../../../shared/program/tensor.ts';
import type { TracedVariable } from '../../../shared/program/trace.ts';
import { counted, fingerprint, largestDifference, pick, sameBits } from './compare.ts';
import { callAgain, takeInventory } from './second-call.ts';
import { pathsBelow, type Submodel } from './submodels.ts';

/** What was seen of the model at one moment. */
export interface Observation {
  /** All variables, as the outer model's training has them. */
  readonly outer: NamedTensors;
  /** Each submodel's variables, as a program of that submodel alone gives them. */
  readonly alone: ReadonlyMap<LayerId, NamedTensors>;
  /** What each submodel alone computes for fixed inputs. */
  readonly computed: ReadonlyMap<LayerId, readonly TensorData[]>;
}

/** What the claims are about. */
export interface Evidence {
  readonly spec: ModelSpec;
  readonly outer: LayerId;
  readonly submodels: readonly Submodel[];
  /** The outer model's variables. */
  readonly variables: readonly TracedVariable[];
  readonly before: Observation;
  readonly after: Observation;
  /** How many training steps lie between the two. */
  readonly steps: number;
}

/** Every variable of a submodel is the one that the outer model trains: by key, and by bytes before and after a step. */
export function sharedVariables(evidence: Evidence): ProofClaim {
  const { spec, outer, submodels, variables, before, after, steps } = evidence;
  const name = layerOf(spec, outer).config.name;
  const known = new Map(variables.map((variable) => [variable.key, variable]));
  const details: ProofDetail[] = [];
  for (const { layer, title, keys } of submodels) {
    const shared = keys.filter((key) => known.has(key)).length;
    details.push({
      subject: title,
      expected: `${counted(keys.length, 'variable')}, each one of ${name}'s`,
      received: `${shared} of ${keys.length} are ${name}'s`,
      holds: shared === keys.length,
    });
    for (const [when, { outer: trained, alone }] of moments(before, after, steps)) {
      const [a, b] = [pick(trained, keys), pick(alone.get(layer)!, keys)];
      details.push({
        subject: `${title}, ${when}`,
        expected: `${fingerprint(a)} in ${name}`,
        received: `${fingerprint(b)} in ${title} alone`,
        holds: sameBits(a, b),
      });
    }
  }
  for (const [layer, paths] of pathsBelow(spec, outer)) {
    const own = variables.filter((variable) => variable.layer === layer).length;
    if (paths.length === 1 || own === 0) continue;
    const found = new Set(variables.filter((one) => one.layer === layer).map(({ key }) => key));
    details.push({
      subject: paths.join(' = '),
      expected: `${counted(own, 'variable')} for all paths together`,
      received: counted(found.size, 'variable'),
      holds: found.size === own,
    });
  }
  const moved = variables.filter(
    ({ key }) => !sameBits(pick(before.outer, [key]), pick(after.outer, [key])),
  );
  details.push({
    subject: `${counted(steps, 'training step')} of ${name}`,
    expected: 'moves trainable variables and no frozen one',
    received: `${counted(moved.length, 'variable')} moved of ${variables.filter((v) => v.trainable).length} trainable and ${variables.filter((v) => !v.trainable).length} frozen`,
    holds: moved.every(({ trainable }) => trainable),
  });
  return claim('shared-variables', details, {
    proven: `every variable of the models inside ${name} is the very variable that ${name} trains, to the last bit before and after ${counted(steps, 'training step')}`,
    empty: submodels.length === 0 && `${name} calls no other model, so it shares none`,
  });
}

/** Calling a model a second time adds a call and no parameters. */
export function callAddsNoParameters({ spec, outer, submodels }: Evidence): ProofClaim {
  const name = layerOf(spec, outer).config.name;
  const details = [...submodels.map(({ layer }) => layer), outer].flatMap(
    (called): ProofDetail[] => {
      const first = takeInventory(spec, outer, called);
      const again = callAgain(spec, outer, called);
      const second = takeInventory(again.spec, again.model, called);
      const subject = `${layerOf(spec, called).config.name} called once more beside ${name}`;
      return [
        {
          subject,
          expected: counted(first.calls + 1, 'call'),
          received: counted(second.calls, 'call'),
          holds: second.calls === first.calls + 1,
        },
        {
          subject,
          expected: `${counted(first.variables, 'variable')}, ${counted(first.params, 'parameter')}`,
          received: `${counted(second.variables, 'variable')}, ${counted(second.params, 'parameter')}`,
          holds: second.variables === first.variables && second.params === first.params,
        },
      ];
    },
  );
  return claim('call-adds-no-parameters', details, {
    proven: 'calling a model a second time adds a call and no parameters',
  });
}

/** Training the outer model changes what a submodel alone computes; a frozen one stays as it is. */
export function trainingReachesSubmodels(evidence: Evidence): ProofClaim {
  const { spec, outer, submodels, variables, before, after, steps } = evidence;
  const name = layerOf(spec, outer).config.name;
  const trainable = new Set(variables.filter((one) => one.trainable).map(({ key }) => key));
  const details = submodels.map(({ layer, title, keys }): ProofDetail => {
    const [a, b] = [before.computed.get(layer)!, after.computed.get(layer)!];
    const difference = `outputs differ by at most ${largestDifference(a, b).toPrecision(3)}`;
    if (keys.some((key) => trainable.has(key)))
      return {
        subject: title,
        expected: 'other outputs for the same inputs, because it is trained',
        received: sameBits(a, b) ? 'the same outputs to the last bit' : difference,
        holds: !sameBits(a, b),
      };
    return {
      subject: title,
      expected: `the same outputs, because it ${keys.length === 0 ? 'has no variables' : 'is frozen'}`,
      received: sameBits(a, b) ? 'the same outputs to the last bit' : difference,
      holds: sameBits(a, b),
    };
  });
  return claim('training-reaches-submodels', details, {
    proven: `${counted(steps, 'training step')} of ${name} changed what each trained model inside it computes by itself, and no frozen one`,
    empty: submodels.length === 0 && `${name} calls no other model that its training could reach`,
  });
}

/** A claim that holds when all its details do. */
export function claim(
  id: ProofClaim['id'],
  details: readonly ProofDetail[],
  { proven, empty }: { readonly proven: string; readonly empty?: string | false },
): ProofClaim {
  const failed = details.find(({ holds }) => !holds);
  const text = failed
    ? `not so: ${failed.subject}: expected ${failed.expected}; got ${failed.received}`
    : empty || proven;
  return { id, holds: !failed, text, details };
}

function moments(before: Observation, after: Observation, steps: number) {
  return [
    ['before training', before],
    [`after ${counted(steps, 'training step')}`, after],
  ] as const;
}
